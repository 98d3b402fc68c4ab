package e2e

import (
	"slices"
	"strings"
	"testing"

	"perfect-negotiation/negotiation/trace"
)

// hearing is a script that keeps the lines which the program gives to the inspector.
const hearing = `{
	window.lines = [];
	let inspector;
	Object.defineProperty(window, "inspector", {
		get: () => inspector,
		set(value) {
			inspector = value;
			const { add } = value;
			value.add = (text) => { lines.push(...text.split("\n")); add.call(value, text); };
		},
	});
}`

// heard returns the lines that the program has given to a tab's inspector.
func (b *tab) heard() (list []trace.Line) {
	var texts []string
	b.eval(`lines`, &texts)
	for _, text := range texts {
		if strings.HasPrefix(text, `{"pn":"input"`) {
			continue
		}
		line, err := trace.ParseLine([]byte(text))
		if err != nil {
			b.t.Errorf("%s: %v", text, err)
		}
		list = append(list, line)
	}
	return list
}

// Each of two tabs gets its own trace and the other's, with the same events.
func TestTheOtherLane(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var tabs []*tab
	for _, path := range []string{"/polite", "/impolite"} {
		b := w.blank(w.url + path)
		if err := b.prepare(hearing); err != nil {
			t.Fatal(err)
		}
		b.open()
		tabs = append(tabs, b)
	}
	a, b := tabs[0], tabs[1]
	a.connect()
	awaitChannels(t, 1, a, b)
	both(a, b, func(p participant) { p.renegotiate() })

	answers := func(list []trace.Line, side trace.Side) (found []trace.Message) {
		for _, l := range list {
			if l.Side == side && l.Event.Kind == trace.AnswerReceived {
				found = append(found, l.Event.Message)
			}
			if l.Side == trace.There && (l.Event.SDP != "" || strings.HasPrefix(string(l.Event.Kind), "chat-")) {
				t.Errorf("the other side tells %+v", l)
			}
		}
		return found
	}
	await(t, "both have both lanes", func() bool {
		byA, byB := a.heard(), b.heard()
		ours, theirs := answers(byA, trace.Here), answers(byB, trace.Here)
		return len(ours)+len(theirs) >= 2 &&
			slices.Equal(ours, answers(byB, trace.There)) && slices.Equal(theirs, answers(byA, trace.There))
	}, a, b)
	for _, b := range tabs {
		if n := b.count(trace.ChannelOpened); n != 1 {
			t.Errorf("the log tells of %d channels", n)
		}
		if !slices.ContainsFunc(b.heard(), func(l trace.Line) bool {
			return l.Side == trace.Here && l.Event.Kind == trace.OfferReceived && strings.HasPrefix(l.Event.SDP, "v=0")
		}) {
			t.Error("an offer has no SDP")
		}
	}
	nothingSurfaced(t, a, b)
}
