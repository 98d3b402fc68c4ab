package terminal

import (
	"testing"

	"perfect-negotiation/negotiation"
)

func TestFind(t *testing.T) {
	terminal := New(Config{})
	terminal.peers = map[string]negotiation.Event{"abc1": {}, "abc2": {}, "b": {}, "\x1b[31mred": {}, "\x1b[32mgreen": {}}
	for _, row := range []struct{ name, id, refusal string }{
		{"", "", ""},
		{"abc1", "abc1", ""},
		{"b", "b", ""},
		{"a", "", "the ids of 2 peers begin with a"},
		{"abc", "", "the ids of 2 peers begin with abc"},
		{"c", "", "no peer is here whose id begins with c"},
		{"abc12", "", "no peer is here whose id begins with abc12"},
		{"\x1b[3", "", `the ids of 2 peers begin with \x1b[3`},
		{"\x1b[33", "", `no peer is here whose id begins with \x1b[33`},
	} {
		id, err := terminal.find(row.name)
		refusal := ""
		if err != nil {
			refusal = err.Error()
		}
		if id != row.id || refusal != row.refusal {
			t.Errorf("%q is %q, %q", row.name, id, refusal)
		}
	}
}

// The ids of peers are what the relay says they are, and a line each.
func TestPeersOfAnEvilRelay(t *testing.T) {
	log := &transcript{}
	terminal := New(Config{Log: log})
	terminal.peers = map[string]negotiation.Event{"\x1b]0;title\a\nReceived: forged": {Role: "polite", Detail: "new"}}
	go terminal.log.run()
	terminal.list()
	terminal.log.close()
	if got, want := log.String(), "1 peers are here.\n"+`  \x1b]0;title\a\nReceived: forged  we are polite  new`+"\n"; got != want {
		t.Errorf("it says %q", got)
	}
}
