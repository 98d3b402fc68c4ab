//go:build !js

package call_test

import (
	"fmt"
	"net"
	"sync"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/call"
)

// Two peers signal over datagrams. Both open a channel, so their offers cross.
func Example() {
	var sockets [2]net.PacketConn
	for i := range sockets {
		socket, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		sockets[i] = socket
	}

	heard := make(chan string)
	var parties sync.WaitGroup
	for i, role := range []negotiation.Role{negotiation.Polite, negotiation.Impolite} {
		signaling, other := sockets[i], sockets[1-i].LocalAddr()
		connect := func() (*webrtc.PeerConnection, error) {
			pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
			if err != nil {
				return nil, err
			}
			pc.OnDataChannel(func(dc *webrtc.DataChannel) {
				dc.OnMessage(func(m webrtc.DataChannelMessage) { heard <- string(m.Data) })
			})
			dc, err := pc.CreateDataChannel("greeting", nil)
			if err != nil {
				return nil, err
			}
			dc.OnOpen(func() { _ = dc.SendText("the " + string(role) + " peer says hello") })
			return pc, nil
		}

		c, err := call.New(role, connect, func(frame []byte) error {
			_, err := signaling.WriteTo(frame, other)
			return err
		})
		if err != nil {
			panic(err)
		}
		parties.Go(func() {
			buffer := make([]byte, 64<<10)
			for n, _, err := signaling.ReadFrom(buffer); err == nil; n, _, err = signaling.ReadFrom(buffer) {
				c.Receive(append([]byte(nil), buffer[:n]...))
			}
			c.Close()
			<-c.Done()
		})
	}
	for range 2 {
		fmt.Println(<-heard)
	}
	for _, socket := range sockets {
		_ = socket.Close()
	}
	parties.Wait()
	// Unordered output:
	// the polite peer says hello
	// the impolite peer says hello
}
