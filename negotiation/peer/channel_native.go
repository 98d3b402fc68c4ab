//go:build !js

package peer

import (
	"context"

	"github.com/pion/webrtc/v4"
	"golang.org/x/sync/semaphore"
)

// listen reports the events of a data channel, in order. That the association has failed
// is reported by watchTransport.
func listen(dc *webrtc.DataChannel, opened func(), message func(data []byte, text bool), closed func(failed bool)) error {
	dc.OnMessage(func(m webrtc.DataChannelMessage) { message(m.Data, m.IsString) })
	dc.OnClose(func() { closed(false) })
	dc.OnOpen(opened)
	return nil
}

// admit waits until there is room for n more unread bytes. Meanwhile the channel
// reads nothing, so the sender is slowed, too.
func admit(ctx context.Context, unread *semaphore.Weighted, n int64) error {
	return unread.Acquire(ctx, n)
}

// remoteMaxMessage returns how many bytes a message to the other side may have.
// https://www.rfc-editor.org/rfc/rfc8841#section-6.1
func remoteMaxMessage(pc *webrtc.PeerConnection) int {
	return int(pc.SCTP().GetCapabilities().MaxMessageSize)
}
