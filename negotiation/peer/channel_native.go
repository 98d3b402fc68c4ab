//go:build !js

package peer

import "github.com/pion/webrtc/v4"

// listen reports what happens on a data channel, in order.
func listen(dc *webrtc.DataChannel, opened func(), message func(data []byte, text bool), closed func()) error {
	dc.OnMessage(func(m webrtc.DataChannelMessage) { message(m.Data, m.IsString) })
	dc.OnClose(closed)
	dc.OnOpen(opened)
	return nil
}
