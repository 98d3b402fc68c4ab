package terminal

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/trace"
)

// help is what /help prints.
const help = `What you type is chat, but for these:
  /connect             open a data channel
  /renegotiate         force an offer
  /collide [N] [PEER]  make the offers of both sides collide, N times
  /restart             restart ICE
  /media on, off       send a picture with a tone, or stop it
  /peers               list who is in the room
  /to PEER text        say it to one of them
  /reconnect           check the connection to the relay now
  /quit                leave
  //text               say /text
PEER is how an id begins.`

// do executes a line, a command or chat.
func (t *Terminal) do(p *peer.Peer, text string) {
	command, isCommand := strings.CutPrefix(text, "/")
	switch {
	case text == "":
	case !isCommand:
		t.later(line{text: text})
	case strings.HasPrefix(command, "/"):
		t.later(line{text: command})
	case command == "to", strings.HasPrefix(command, "to "):
		to, text, _ := strings.Cut(strings.TrimPrefix(command[len("to"):], " "), " ")
		if to == "" || text == "" {
			t.note("Not sent: it is /to PEER text, where PEER is how an id begins that /peers lists")
		} else {
			t.later(line{to, text})
		}
	case command == "connect":
		p.Connect()
	case command == "renegotiate":
		p.Renegotiate()
	case command == "collide", strings.HasPrefix(command, "collide "):
		t.collide(p, strings.Fields(command)[1:])
	case command == "restart":
		p.RestartICE()
	case command == "media on":
		if err := t.stage.on(); err != nil {
			t.note("No media: %v", err)
		}
	case command == "media off":
		t.stage.off()
	case command == "reconnect":
		p.CheckRelay()
	case command == "peers":
		t.list()
	case command == "help":
		t.note("%s", help)
	case command == "quit" && isTerminal(t.in):
		t.quit(nil)
	case command == "quit":
		t.later(line{}) // after the lines that still wait
	default:
		t.note("Unknown command %s: /help lists all", trace.Printable(text))
	}
}

// collide makes offers collide as often as the arguments say, with the peer they
// name.
func (t *Terminal) collide(p *peer.Peer, args []string) {
	times, name := 1, ""
	for _, arg := range args {
		n, err := strconv.Atoi(arg)
		switch {
		case err != nil:
			name = arg
		case n < 1 || n > peer.MaxCollisions:
			t.note("No collision: it is 1 to %d times, not %d", peer.MaxCollisions, n)
			return
		default:
			times = n
		}
	}
	to, err := t.find(name)
	if err != nil {
		t.note("No collision: %v", err)
		return
	}
	p.Collide(to, times)
}

// find returns the id of the only peer whose id begins with name, or "" for
// everybody.
func (t *Terminal) find(name string) (string, error) {
	if name == "" {
		return "", nil
	}
	id := strings.ReplaceAll(name, "-", "") // as ShortID writes it
	t.mu.Lock()
	defer t.mu.Unlock()
	var found []string
	for _, other := range t.roster.Entries() {
		if strings.HasPrefix(other.ID, name) || id != "" && strings.HasPrefix(other.ID, id) {
			found = append(found, other.ID)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", fmt.Errorf("no peer is here whose id begins with %s", trace.Printable(name))
	default:
		return "", fmt.Errorf("the ids of %d peers begin with %s", len(found), trace.Printable(name))
	}
}

// list prints the peers in the room.
func (t *Terminal) list() {
	t.mu.Lock()
	defer t.mu.Unlock()
	others := slices.SortedFunc(slices.Values(t.roster.Entries()), func(a, b *peer.Status) int { return strings.Compare(a.ID, b.ID) })
	t.note("%d peers are here.", len(others))
	for _, other := range others {
		t.note("  %s  we are %s  %s", trace.Printable(other.ID), other.Role, other.State)
	}
}
