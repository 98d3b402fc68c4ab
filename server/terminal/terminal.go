// Package terminal is the user interface of a native peer: lines of chat and commands in,
// received chat and a log out, and media that are played, sent back or recorded.
package terminal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/trace"
	"perfect-negotiation/server/media"
)

const maxLine = 64 << 10 // bytes per line of chat

// linesAtOnce is how many lines of log other peers can cause at once: a room of eight
// takes some 20 for each pair to form, and several times that with Verbose.
const linesAtOnce, verboseLinesAtOnce = 200, 1000

// Config configures a [Terminal].
type Config struct {
	In       io.Reader // the user's input; the peer stays when it ends
	Out, Log io.Writer // for received chat, and for everything else
	Echo     bool      // echo received chat
	Verbose  bool      // log events of [trace.LevelDebug], too
	JSON     bool      // log every event as a [trace.Line], without SDP unless Verbose
	Colour   bool      // use colours if the output is a terminal
	Media    Media
	Recorder *media.Recorder // for [MediaRecord]
}

// Terminal is the user interface of one native peer. Its Trace and OnTrack are for
// the [peer.Config] of that peer, and Run serves the user when it has joined.
type Terminal struct {
	in       io.Reader
	screen   *screen // nil: in and out are not a terminal
	out, log *printer
	events   *trace.Paced // the log of what others cause
	echo     bool
	verbose  bool
	stage    *stage

	lines chan line // lines to send, in order

	mu      sync.Mutex
	roster  peer.Roster
	several bool          // several peers have been here at a time
	more    chan struct{} // closed when a data channel opens

	err  error         // why the relay refuses us for good
	stop chan struct{} // closed by quit
	once sync.Once
}

// line is a line of chat to the peer whose id begins so, or to everybody. The zero
// line is /quit.
type line struct{ to, text string }

// New returns a Terminal that is not yet running.
func New(c Config) *Terminal {
	outStyle, logStyle := styleOf(c.Out, c.Colour), styleOf(c.Log, c.Colour)
	logStyle.json, logStyle.sdp = c.JSON, c.Verbose
	screen := newScreen(c.In, c.Out)
	if screen != nil {
		if isTerminal(c.Log) {
			c.Log = screen
		}
		c.Out = screen
	}
	log := newPrinter("the log", c.Log, logStyle, nil)
	t := &Terminal{
		in: c.In, screen: screen, out: newPrinter("standard output", c.Out, outStyle, log), log: log,
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
	t.events.Note = logStyle.note
	t.stage = newStage(c.Media, c.Recorder, t.noteEvent)
	return t
}

// OnTrack plays back or records a track according to [Config]. It returns when the
// track has ended; call it on a goroutine of its own.
func (t *Terminal) OnTrack(_ *peer.Peer, from string, track peer.RemoteTrack) {
	t.stage.onTrack(from, track)
}

// Run serves the user until ctx ends, the user quits, or the relay refuses, which is
// an error. Then it closes p, and returns when recordings are complete and all output
// is written, as far as it is read. Call it once.
func (t *Terminal) Run(ctx context.Context, p *peer.Peer) error {
	read := t.read
	if t.screen != nil {
		restore, err := t.screen.open()
		if err != nil {
			t.quit(fmt.Errorf("use the terminal: %w", err))
		} else {
			defer restore()
		}
		read = t.readKeys
	}
	go t.out.run()
	go t.log.run()
	if err := t.stage.join(p); err != nil {
		t.quit(err)
	}
	go read(p)
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

// readKeys reads lines with line editing. The terminal sends no signals meanwhile: ^C
// is a key that quits, as does ^D in an empty line.
func (t *Terminal) readKeys(p *peer.Peer) {
	for {
		text, err := t.screen.ReadLine()
		if err != nil {
			t.quit(nil)
			return
		}
		t.do(p, text)
	}
}

// Note prints a message to the user. It never blocks, and may be called before Run.
func (t *Terminal) Note(format string, args ...any) { t.note(format, args...) }

// note prints a message that is not chat.
func (t *Terminal) note(format string, args ...any) { t.log.note(fmt.Sprintf(format, args...)) }

// noteEvent prints an event that others cause, at a limited rate.
func (t *Terminal) noteEvent(format string, args ...any) {
	t.events.PrintStyled(t.log.style.note(trace.Printable(fmt.Sprintf(format, args...))))
}

// later queues a line after those before it.
func (t *Terminal) later(l line) {
	select {
	case t.lines <- l:
	case <-t.stop:
	}
}

// say sends the lines, each as soon as a channel is open.
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
		// The trace has reported errors other than ErrNobody.
		if !errors.Is(p.Say(to, l.text), peer.ErrNobody) || to != "" {
			return
		}
	}
}

// awaitChannel waits until a data channel is open, and returns false if none will
// open.
func (t *Terminal) awaitChannel() bool {
	for {
		t.mu.Lock()
		open := slices.ContainsFunc(t.roster.Entries(), func(other *peer.Status) bool { return other.Channels > 0 })
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

// Trace prints an event. It never blocks, and may be called before Run.
func (t *Terminal) Trace(e trace.Event) {
	t.mu.Lock()
	t.roster.Apply(e)
	t.several = t.several || len(t.roster.Entries()) > 1
	several := t.several
	if e.Kind == trace.ChannelOpened {
		close(t.more)
		t.more = make(chan struct{})
	}
	t.mu.Unlock()
	switch e.Kind {
	case trace.ChatReceived:
		t.out.print(t.out.style.chat(e, several))
		if t.echo && e.Detail != "" {
			select {
			case t.lines <- line{text: e.Detail}:
			default:
				t.noteEvent("Not echoed: too many lines wait")
			}
		}
	case trace.RelayRefused, trace.RelayReplaced:
		t.quit(errors.New(e.String()))
	}
	print := t.events.PrintStyled
	if e.Kind == trace.ChatSent && !t.echo {
		print = t.log.print // chat of the user is not limited
	}
	if t.log.style.json || e.Kind != trace.ChatReceived && (t.verbose || e.Level() != trace.LevelDebug) {
		print(t.log.style.event(e, several))
	}
}
