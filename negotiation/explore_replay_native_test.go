//go:build !js

package negotiation

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// recording is a setting and what happened then, in one line of text:
//
//	pion/browser channel,audio/video renegs=0 restarts=1/0 faults=0 closes=0 echoes=0 p:change i:delivery:01 …
//
// The polite peer comes first. After an event stands what was chosen within it.
// Before the events comes how many answers may come as garbage, if any: spoils=1;
// and over a link, what may happen to it: link=cuts/losses/repetitions/delays/
// crashes/of any kind/hasty.
type recording struct {
	setting
	steps []step
}

var eventNames = []string{"delivery", "task", "operation", "candidate", "retry", "again", "acknowledge", "change", "renegotiate", "restart", "close", "cut", "loss", "repeat", "delay", "crash"}

func (r recording) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s/%s %s/%s renegs=%d restarts=%d/%d faults=%d closes=%d echoes=%d", r.kinds[0], r.kinds[1],
		strings.Join(r.plans[0], ","), strings.Join(r.plans[1], ","), r.renegs, r.restart[0], r.restart[1], r.faults, r.closes, r.echoes)
	if r.spoils > 0 {
		fmt.Fprintf(&b, " spoils=%d", r.spoils)
	}
	if r.linked {
		fmt.Fprintf(&b, " link=%d/%d/%d/%d/%d/%d/%d", r.cuts, r.losses, r.repeats, r.delays, r.crashes, r.mishaps, r.hasty)
	}
	for _, s := range r.steps {
		fmt.Fprintf(&b, " %c:%s", "pi"[s.who], eventNames[s.event])
		if s.script != "" {
			b.WriteByte(':')
			for _, choice := range []byte(s.script) {
				b.WriteString(strconv.Itoa(int(choice)))
			}
		}
	}
	return b.String()
}

func parseRecording(text string) (r recording, err error) {
	words := strings.Fields(text)
	if len(words) < 7 {
		return r, fmt.Errorf("a recording has 7 words before its steps: %q", text)
	}
	kinds, plans := strings.Split(words[0], "/"), strings.Split(words[1], "/")
	if len(kinds) != 2 || len(plans) != 2 {
		return r, fmt.Errorf("what belongs to the two peers is parted by /: %q", words[:2])
	}
	for i := range 2 {
		r.kinds[i] = kinds[i]
		r.plans[i] = strings.FieldsFunc(plans[i], func(c rune) bool { return c == ',' })
	}
	if _, err := fmt.Sscanf(strings.Join(words[2:7], " "), "renegs=%d restarts=%d/%d faults=%d closes=%d echoes=%d",
		&r.renegs, &r.restart[0], &r.restart[1], &r.faults, &r.closes, &r.echoes); err != nil {
		return r, err
	}
	words = words[7:]
	if len(words) > 0 && strings.HasPrefix(words[0], "spoils=") {
		if _, err := fmt.Sscanf(words[0], "spoils=%d", &r.spoils); err != nil {
			return r, err
		}
		words = words[1:]
	}
	if len(words) > 0 && strings.HasPrefix(words[0], "link=") {
		r.linked = true
		if _, err := fmt.Sscanf(words[0], "link=%d/%d/%d/%d/%d/%d/%d", &r.cuts, &r.losses, &r.repeats, &r.delays, &r.crashes, &r.mishaps, &r.hasty); err != nil {
			return r, err
		}
		words = words[1:]
	}
	for _, word := range words {
		parts := append(strings.Split(word, ":"), "", "")
		s := step{who: uint8(strings.Index("pi", parts[0]))}
		event_ := slices.Index(eventNames, parts[1])
		if s.who > 1 || event_ < 0 {
			return r, fmt.Errorf("no step: %q", word)
		}
		s.event = event(event_)
		for _, choice := range parts[2] {
			s.script += string(rune(choice - '0'))
		}
		r.steps = append(r.steps, s)
	}
	return r, nil
}

var replayed = flag.String("replay", "", "a recording that TestReplay shows as a sequence diagram")

// TestReplay replays testdata/replay.txt: the ways to violations that the walk
// found, when the code was broken by accident or on purpose. They must end well.
func TestReplay(t *testing.T) {
	file, err := os.Open("testdata/replay.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := []string{*replayed}
	if *replayed == "" {
		lines = nil
		for scanner := bufio.NewScanner(file); scanner.Scan(); {
			lines = append(lines, scanner.Text())
		}
	}
	name := "given"
	for _, line := range lines {
		if comment, found := strings.CutPrefix(line, "# "); found || line == "" {
			name = comment
			continue
		}
		t.Run(name, func(t *testing.T) {
			r, err := parseRecording(line)
			if err != nil {
				t.Fatal(err)
			}
			if again := r.String(); again != line {
				t.Errorf("%q was read as %q", line, again)
			}
			taken, broken := follow(newWorld(r.setting), r.steps)
			if len(broken) > 0 {
				t.Error(broken)
			}
			if len(broken) > 0 || *replayed != "" {
				t.Log("\n" + replay(newWorld(r.setting), taken))
			}
		})
	}
}
