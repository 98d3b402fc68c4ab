package e2e

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"perfect-negotiation/negotiation/signaling"
)

// process is the program as an operating system runs it.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *transcript
	log   *transcript
	ended chan struct{} // closed when it has ended, and all its log is here
}

// start starts a program with a command line, and environment variables before it:
// PN_ROOM=inn peer.
func start(t *testing.T, program string, arguments ...string) *process {
	t.Helper()
	out := &transcript{}
	p := startInto(t, out, program, arguments...)
	p.out = out
	return p
}

// startInto starts a program that writes its standard output to out.
func startInto(t *testing.T, out io.Writer, program string, arguments ...string) *process {
	t.Helper()
	p := &process{t: t, log: &transcript{}, ended: make(chan struct{})}
	environment := append([]string{"GORACE=atexit_sleep_ms=0"}, os.Environ()...) // else it waits 1 s for races when it ends
	for len(arguments) > 0 && strings.HasPrefix(arguments[0], "PN_") {
		environment, arguments = append(environment, arguments[0]), arguments[1:]
	}
	p.cmd = exec.Command(program, arguments...)
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = environment, out, p.log
	endWithTest(p.cmd)
	in, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.in = in
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // its error is the exit code
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
		if strings.Contains(p.log.String(), "WARNING: DATA RACE") { // program has it look for them
			t.Error("a data race")
		}
		if t.Failed() {
			t.Logf("%s:\n%s", arguments, p.log)
		}
	})
	return p
}

func (p *process) expectLog(words string) {
	p.t.Helper()
	awaitLog(p.t, p.log, words)
}

// end waits until it ends, and returns its exit code: -1 if a signal has ended it.
func (p *process) end() int {
	p.t.Helper()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		p.t.Fatal("it does not end")
		return 0
	}
}

// ends waits until it ends, and checks how.
func (p *process) ends(code int) {
	p.t.Helper()
	if got := p.end(); got != code {
		p.t.Errorf("%s: exit code %d, not %d", p.cmd.Args[1:], got, code)
	}
}

// served finds in the log of a relay where it is.
var served = regexp.MustCompile(`page=(http://\S+)`)

// serveProcess starts a relay, and returns where it is.
func serveProcess(t *testing.T, program string, arguments ...string) (relay *process, url string) {
	t.Helper()
	relay = start(t, program, append([]string{"PN_ADDR=127.0.0.1:0"}, arguments...)...)
	relay.expectLog("page=")
	return relay, served.FindStringSubmatch(relay.log.String())[1]
}

// TestProcess runs the program, which is told by its environment what to do.
func TestProcess(t *testing.T) {
	t.Parallel()
	program := program(t)
	serve := func(t *testing.T, arguments ...string) (relay *process, url string) {
		t.Helper()
		return serveProcess(t, program, arguments...)
	}
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			relay, url := serve(t)
			server, key := "PN_SERVER="+url, "PN_KEY="+signaling.NewKey()
			a := start(t, program, server, key, "PN_ROOM=inn", "PN_ROLE=polite", "PN_CONNECT=auto", "PN_VERBOSE=true", "peer")
			a.expectLog("Joined room 'inn'")
			b := start(t, program, server, "PN_ROOM=inn", "PN_CONNECT=wait", "PN_ECHO=true", "peer")
			a.expectLog("[POLITE] Data channel 'data-polite' opened")
			a.expectLog("DEBUG [POLITE] Signaling state")
			b.expectLog("[IMPOLITE] Data channel 'data-polite' opened")
			if log := b.log.String(); strings.Contains(log, "DEBUG") || strings.Contains(log, "data-impolite") {
				t.Error("one does what the other was told to do")
			}
			fmt.Fprintln(a.in, "hello")
			awaitLog(t, a.out, "Received: hello\n")
			again := start(t, program, server, key, "PN_ROOM=inn", "PN_ROLE=polite", "peer")
			a.ends(1)
			a.expectLog("has taken over")
			again.expectLog("Joined room 'inn'")
			for _, p := range []*process{again, b, relay} {
				if err := p.cmd.Process.Signal(signal); err != nil {
					t.Error(err)
				}
				p.ends(0)
			}
		})
	}
	for _, arguments := range [][]string{
		{"PN_PEERS_PER_ROOM=3"},
		{"serve", "--peers-per-room", "3"},
	} {
		t.Run("a full room: "+strings.Join(arguments, " "), func(t *testing.T) {
			_, url := serve(t, arguments...)
			w := worldAt(t, url)
			for range 3 {
				w.native("full", "", false)
			}
			fourth := startPeer(t, w, "--room", "full")
			fourth.ends(1)
			fourth.expectLog("3 peers are in this room, and it holds 3: meet in another room")
		})
	}
	t.Run("a terminal", func(t *testing.T) {
		_, url := serve(t)
		n := worldAt(t, url).native("terminal", "", true)
		person, device := openTerminal(t)
		cmd := exec.Command(program, "peer", "--server", url, "--room", "terminal")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = device, device, device
		onTerminal(cmd)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		_ = device.Close()
		shown, ended := &transcript{}, make(chan struct{})
		go func() {
			defer close(ended)
			_, _ = io.Copy(shown, person) // an error is the end
		}()
		awaitChannels(t, 2, n)
		fmt.Fprint(person, "typed\n")
		await(t, "what is typed is said", func() bool { return contains(n.received(), "typed") }, n)
		n.say("to a person")
		awaitLog(t, shown, "Received: to a person\r\n")
		const interrupt = "\x03"
		fmt.Fprint(person, interrupt)
		if err := cmd.Wait(); err != nil {
			t.Errorf("it ends with %v:\n%s", err, shown)
		}
		<-ended
	})
}
