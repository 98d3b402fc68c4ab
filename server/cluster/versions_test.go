package cluster_test

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

// appendPacket appends the header of a packet and a frame.
func appendPacket(b []byte, version byte, number uint64, kind byte, body string) []byte {
	b = append(b, version)
	for _, n := range []uint64{1, 0, number} { // epoch, answers
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return appendFrame(b, kind, body)
}

func appendFrame(b []byte, kind byte, body string) []byte {
	b = append(b, kind, 1) // of client 1
	return append(binary.AppendUvarint(b, uint64(len(body))), body...)
}

// A node takes what it knows of a newer one, passes over frames and fields that it does
// not know, counts packets of another version, and survives what is none.
func TestVersions(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	n := b.node("a")
	x, _ := n.join("", "room", "r")
	nc, err := nats.Connect(b.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	other := "b." + strings.Repeat("A", 26)
	answers, err := nc.SubscribeSync("pn." + other + ".>")
	if err != nil {
		t.Fatal(err)
	}
	publish := func(packet []byte) {
		t.Helper()
		if err := nc.Publish("pn."+n.ID()+"."+other, packet); err != nil {
			t.Fatal(err)
		}
	}
	publish(nil)
	publish([]byte("garbage"))
	publish(appendPacket(nil, 2, 1, 'J', ""))
	for number, hostile := range []string{"{", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", `{"Entrance":{"Room":""}}`} {
		publish(append(appendPacket(nil, 1, uint64(number+1), 'J', hostile), 'M', 0xff))
	}
	packet := appendPacket(nil, 1, 4, 'Z', "of a version to come")
	packet = appendFrame(packet, 'J', `{"Entrance":{"Room":"r","Member":{"id":"someone"},"PeersPerRoom":8,"More":1},"More":{}}`)
	publish(appendFrame(packet, 'A', `{"from":"someone","n":7}`))
	x.expectJoined("someone")
	x.expectMessage("someone", 7)
	settle(t, "the packets are not counted", func() bool { return n.Stats().Unread == 3 })
	deadline := time.Now().Add(patience)
	for {
		m, err := answers.NextMsg(time.Until(deadline))
		if err != nil {
			t.Fatalf("no welcome: %v", err)
		}
		if strings.Contains(string(m.Data), `[{"id":"`+x.id+`"}]`) {
			break
		}
	}
	publish(appendPacket(nil, 1, 5, 'L', ""))
	x.expectLeft("someone")
}
