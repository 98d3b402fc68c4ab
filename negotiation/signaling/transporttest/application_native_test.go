//go:build !js

package transporttest

import (
	"encoding/json"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/call"
)

// attached is an application that uses negotiation.Attach, in these roles.
func attached(roles map[negotiation.Role]negotiation.Role) func(negotiation.Role, func([]byte)) (Party, error) {
	return func(role negotiation.Role, send func([]byte)) (Party, error) {
		pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
		if err != nil {
			return Party{}, err
		}
		s, err := negotiation.Attach(pc, roles[role], func(m negotiation.Message) error {
			frame, err := json.Marshal(m)
			send(frame)
			return err
		})
		return Party{
			Receive: func(frame []byte) {
				var m negotiation.Message
				if json.Unmarshal(frame, &m) == nil {
					_ = s.Receive(m)
				}
			},
			Do: func(f func(*webrtc.PeerConnection) error) error { return s.Do(func() error { return f(pc) }) },
			Close: func() {
				s.Close()
				<-s.Done()
				_ = pc.Close()
			},
		}, err
	}
}

var asTold = map[negotiation.Role]negotiation.Role{negotiation.Polite: negotiation.Polite, negotiation.Impolite: negotiation.Impolite}

// called is an application that uses package call.
func called(role negotiation.Role, send func([]byte)) (Party, error) {
	c, err := call.New(role, func() (*webrtc.PeerConnection, error) {
		return webrtc.NewPeerConnection(webrtc.Configuration{})
	}, func(frame []byte) error {
		send(frame)
		return nil
	})
	return Party{Receive: c.Receive, Do: c.Do, Close: func() {
		c.Close()
		<-c.Done()
	}}, err
}

// handwritten is an application as they are written every day: without a thought of glare.
func handwritten(_ negotiation.Role, send func([]byte)) (Party, error) {
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return Party{}, err
	}
	describe := func(d webrtc.SessionDescription, err error) {
		if err != nil || pc.SetLocalDescription(d) != nil {
			return
		}
		<-webrtc.GatheringCompletePromise(pc)
		frame, _ := json.Marshal(pc.LocalDescription())
		send(frame)
	}
	pc.OnNegotiationNeeded(func() { describe(pc.CreateOffer(nil)) })
	return Party{
		Receive: func(frame []byte) {
			var d webrtc.SessionDescription
			if json.Unmarshal(frame, &d) == nil && pc.SetRemoteDescription(d) == nil && d.Type == webrtc.SDPTypeOffer {
				describe(pc.CreateAnswer(nil))
			}
		},
		Do:    func(f func(*webrtc.PeerConnection) error) error { return f(pc) },
		Close: func() { _ = pc.Close() },
	}, nil
}

func TestApplications(t *testing.T) {
	t.Parallel()
	var sent atomic.Int64
	var all sync.WaitGroup // they only wait
	defer all.Wait()
	for name, row := range map[string]struct {
		app  Application
		want string // in the error; empty: it passes
	}{
		"Attach":              {Application{Start: attached(asTold)}, ""},
		"call":                {Application{Start: called}, ""},
		"call, badly carried": {Application{Start: called, Lossy: true}, ""},

		"handwritten":           {Application{Start: handwritten}, "the first offers: they are not connected"},
		"two impolite sides":    {Application{Start: attached(map[negotiation.Role]negotiation.Role{negotiation.Polite: negotiation.Impolite, negotiation.Impolite: negotiation.Impolite})}, "the first offers: they are not connected"},
		"Attach, badly carried": {Application{Start: attached(asTold), Lossy: true}, "within"},
		"it loses every fourth answer": {Application{Start: func(role negotiation.Role, send func([]byte)) (Party, error) {
			return attached(asTold)(role, func(frame []byte) {
				if strings.Contains(string(frame), "answer") && sent.Add(1)%4 == 0 {
					return
				}
				send(frame)
			})
		}}, "are not on both sides"},
	} {
		all.Go(func() {
			switch err := TestApplication(row.app); {
			case row.want == "" && err != nil:
				t.Errorf("%s: %v", name, err)
			case row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)):
				t.Errorf("%s: it is not found out: %v", name, err)
			}
		})
	}
}
