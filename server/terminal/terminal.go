// Package terminal is the user interface of a native peer: lines of chat and commands in,
// received chat and a log out, and media that are played, sent back or recorded.
package terminal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/trace"
	"perfect-negotiation/server/media"
)

const maxLine = 64 << 10 // bytes of one line of chat

// linesAtOnce is how many lines of log other peers can cause at once: a room of eight
// takes some 20 for each pair to form, and several times that with Verbose.
const linesAtOnce, verboseLinesAtOnce = 200, 1000

// Config says where a [Terminal] reads and writes, and what it does by itself.
type Config struct {
	In       io.Reader // what the user types; when it ends the peer stays
	Out, Log io.Writer // received chat, and all else
	Echo     bool      // says received chat again
	Verbose  bool      // logs events of [negotiation.LevelDebug], too
	Media    Media
	Recorder *media.Recorder // for [MediaRecord]
}

// Terminal is the user interface of one native peer. Its Trace and OnTrack are for
// the [peer.Config] of that peer, and Run serves the user when it has joined.
type Terminal struct {
	in       io.Reader
	out, log *printer
	events   *trace.Paced // the log of what others cause
	echo     bool
	verbose  bool
	stage    *stage

	lines chan line // to be said, in order

	mu     sync.Mutex
	roster peer.Roster
	more   chan struct{} // closed when a data channel opens

	err  error         // the relay refuses us for good
	stop chan struct{} // closed by quit
	once sync.Once
}

// line is what is said to the peer whose id begins so, or to everybody. The empty
// one is /quit.
type line struct{ to, text string }

// New returns a Terminal that is not yet running.
func New(c Config) *Terminal {
	log := newPrinter("the log", c.Log, nil)
	t := &Terminal{
		in: c.In, out: newPrinter("standard output", c.Out, log), log: log,
		echo: c.Echo, verbose: c.Verbose,
		lines: make(chan line, 1024),
		more:  make(chan struct{}),
		stop:  make(chan struct{}),
	}
	atOnce := linesAtOnce
	if c.Verbose {
		atOnce = verboseLinesAtOnce
	}
	t.events = trace.NewPaced(atOnce, t.log.print)
	t.stage = newStage(c.Media, c.Recorder, t.noteEvent)
	return t
}

// OnTrack plays or records a track, as [Config] says. It returns when the track has
// ended, and is called on a goroutine of its own.
func (t *Terminal) OnTrack(from string, track peer.RemoteTrack) { t.stage.onTrack(from, track) }

// Run serves the user until ctx ends, /quit, or the relay refuses, which is an error.
// Then it closes p, and returns when recordings are whole and all is printed, as far
// as somebody reads it. It is called once.
func (t *Terminal) Run(ctx context.Context, p *peer.Peer) error {
	go t.out.run()
	go t.log.run()
	if err := t.stage.join(p); err != nil {
		t.quit(err)
	}
	go t.read(p)
	go t.say(p)
	select {
	case <-ctx.Done():
		t.quit(nil)
	case <-t.stop:
	}
	p.Close()
	<-p.Done()
	t.stage.close()
	t.out.close()
	t.log.close()
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// read reads lines. At the end of the input the peer stays.
func (t *Terminal) read(p *peer.Peer) {
	in := bufio.NewReaderSize(t.in, maxLine)
	for {
		text, more, err := in.ReadLine()
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			t.note("No more input: %v", err)
			return
		case !more:
			t.do(p, string(text))
			continue
		}
		for more && err == nil {
			_, more, err = in.ReadLine()
		}
		t.note("Not sent: a line of %d bytes or more", maxLine)
	}
}

// do does what a line says, a command or chat.
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
	case command == "quit" && t.interactive():
		t.quit(nil)
	case command == "quit":
		t.later(line{}) // after what is still to be said
	default:
		t.note("Unknown command %s. There are /connect, /renegotiate, /collide [N] [PEER], /restart, /media on, /media off, /peers, /to PEER text, /reconnect and /quit; //text says /text.", trace.Printable(text))
	}
}

// collide makes offers collide, so many times and with the peer that is named.
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

// note prints what the user did not say to anybody.
func (t *Terminal) note(format string, args ...any) { t.log.print(fmt.Sprintf(format, args...)) }

// noteEvent prints what others cause, but not without end.
func (t *Terminal) noteEvent(format string, args ...any) {
	t.events.Print(fmt.Sprintf(format, args...))
}

// later has a line said after those before it.
func (t *Terminal) later(l line) {
	select {
	case t.lines <- l:
	case <-t.stop:
	}
}

// interactive tells whether a person types.
func (t *Terminal) interactive() bool {
	file, ok := t.in.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// say says the lines, each when there is somebody to hear it.
func (t *Terminal) say(p *peer.Peer) {
	for {
		select {
		case <-t.stop:
			return
		case l := <-t.lines:
			if l == (line{}) {
				p.Flush()
				t.quit(nil)
				return
			}
			t.sayLine(p, l)
		}
	}
}

func (t *Terminal) sayLine(p *peer.Peer, l line) {
	for t.awaitChannel() {
		to, err := t.find(l.to)
		if err != nil {
			t.note("Not sent: %v", err)
			return
		}
		// An error other than ErrNobody has been told by the trace.
		if !errors.Is(p.Say(to, l.text), peer.ErrNobody) || to != "" {
			return
		}
	}
}

// find returns the id of the only peer whose id begins so, or nothing for
// everybody.
func (t *Terminal) find(name string) (string, error) {
	if name == "" {
		return "", nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var found []string
	for _, other := range t.roster.Entries() {
		if strings.HasPrefix(other.ID, name) {
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

// list prints who is in the room.
func (t *Terminal) list() {
	t.mu.Lock()
	defer t.mu.Unlock()
	others := slices.SortedFunc(slices.Values(t.roster.Entries()), func(a, b *peer.RosterEntry) int { return strings.Compare(a.ID, b.ID) })
	t.note("%d peers are here.", len(others))
	for _, other := range others {
		t.note("  %s  we are %s  %s", trace.Printable(other.ID), other.Role, other.State)
	}
}

// awaitChannel waits until a data channel is open and returns false if that
// will not happen any more.
func (t *Terminal) awaitChannel() bool {
	for {
		t.mu.Lock()
		open := slices.ContainsFunc(t.roster.Entries(), func(other *peer.RosterEntry) bool { return other.Channels > 0 })
		more := t.more
		t.mu.Unlock()
		if open {
			return true
		}
		select {
		case <-more:
		case <-t.stop:
			return false
		}
	}
}

func (t *Terminal) quit(err error) {
	t.once.Do(func() {
		t.mu.Lock()
		t.err = err
		t.mu.Unlock()
		close(t.stop)
	})
}

// Trace prints what happens. It never blocks, and may be called before Run.
func (t *Terminal) Trace(e trace.Event) {
	t.mu.Lock()
	t.roster.Apply(e)
	if e.Kind == trace.ChannelOpened {
		close(t.more)
		t.more = make(chan struct{})
	}
	t.mu.Unlock()
	switch e.Kind {
	case trace.ChatReceived:
		t.out.print(e.String())
		if t.echo && e.Detail != "" {
			select {
			case t.lines <- line{text: e.Detail}:
			default:
				t.noteEvent("Not echoed: too many lines wait")
			}
		}
		return
	case trace.RelayRefused, trace.RelayReplaced:
		t.quit(errors.New(e.String()))
	}
	note := t.noteEvent
	if e.Kind == trace.ChatSent && !t.echo {
		note = t.note
	}
	if level := e.Level(); t.verbose || level != trace.LevelDebug {
		note("%s %-5s %s", e.Time.Format("15:04:05.000"), strings.ToUpper(string(level)), e)
	}
}
