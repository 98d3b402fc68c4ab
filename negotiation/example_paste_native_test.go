//go:build !js

package negotiation_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
)

// pasted is the signalling of one side: a text that people copy and paste, and then a data
// channel.
type pasted struct {
	session *negotiation.Session
	text    chan string // a description with all its candidates

	mu      sync.Mutex
	lines   []string
	channel *webrtc.DataChannel // nil: it is not open yet
}

// send keeps messages until the last candidate, or sends them over the channel.
func (p *pasted) send(m negotiation.Message) error {
	line, err := json.Marshal(m)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.channel != nil {
		return p.channel.SendText(string(line))
	}
	p.lines = append(p.lines, string(line))
	if m.Description == nil && m.Candidate == nil { // the end of candidates
		p.text <- strings.Join(p.lines, "\n")
		p.lines = nil
	}
	return nil
}

// paste takes what the other side has copied, or a message that comes over the channel.
func (p *pasted) paste(text string) error {
	for line := range strings.Lines(text) {
		var m negotiation.Message
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			return err
		}
		if err := p.session.Receive(m); err != nil {
			return err
		}
	}
	return nil
}

// move has signalling go over a channel from now on.
func (p *pasted) move(channel *webrtc.DataChannel) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.channel = channel
	for _, line := range p.lines { // what came after the text was copied
		_ = channel.SendText(line)
	}
}

// Two people have no server: one copies an offer, the other an answer, each a single text.
// From then on signalling goes over a data channel, and either may change anything. The
// one who begins is impolite, because a polite peer gathers its candidates only when it
// has an answer.
func ExampleAttach_copyAndPaste() {
	moved, opened := make(chan struct{}, 2), make(chan string, 1)
	begin := func(role negotiation.Role) (*webrtc.PeerConnection, *pasted) {
		pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
		if err != nil {
			panic(err)
		}
		pc.OnDataChannel(func(dc *webrtc.DataChannel) { opened <- dc.Label() })
		p := &pasted{text: make(chan string, 1)}
		if p.session, err = negotiation.Attach(pc, role, p.send); err != nil {
			panic(err)
		}
		return pc, p
	}
	open := func(pc *webrtc.PeerConnection, p *pasted) error { // the same channel on both sides
		return p.session.Do(func() error {
			channel, err := pc.CreateDataChannel("signaling", &webrtc.DataChannelInit{Negotiated: new(true), ID: new(uint16(0))})
			if err != nil {
				return err
			}
			channel.OnMessage(func(m webrtc.DataChannelMessage) { _ = p.paste(string(m.Data)) })
			channel.OnOpen(func() {
				p.move(channel)
				moved <- struct{}{}
			})
			return nil
		})
	}
	check := func(err error) {
		if err != nil {
			panic(err)
		}
	}

	pcA, a := begin(negotiation.Impolite)
	pcB, b := begin(negotiation.Polite)
	check(open(pcA, a))
	check(b.paste(<-a.text)) // the offer
	check(open(pcB, b))
	check(a.paste(<-b.text)) // the answer
	<-moved
	<-moved
	fmt.Println("connected without a server")

	check(b.session.Do(func() error {
		_, err := pcB.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio)
		if err == nil {
			_, err = pcB.CreateDataChannel("chat", nil)
		}
		return err
	}))
	fmt.Println("the other side opens", <-opened)
	for _, p := range []*pasted{a, b} {
		p.session.Close()
		<-p.session.Done()
	}
	check(pcA.Close())
	check(pcB.Close())
	// Output:
	// connected without a server
	// the other side opens chat
}
