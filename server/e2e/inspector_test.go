package e2e

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"perfect-negotiation/negotiation/trace"
)

// recorded returns the lines of a trace with three collisions, seen from both sides.
func recorded(t *testing.T) string {
	t.Helper()
	lines, err := os.ReadFile("testdata/inspector/pair.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	return string(lines)
}

// storeSays returns what the page's store makes of lines of a trace.
func (b *tab) storeSays(script string, lines string) (says []string) {
	b.t.Helper()
	b.eval(fmt.Sprintf(`(async () => {
		const { Store } = await import("/inspector/store.js");
		const store = new Store();
		store.add(%q);
		const pair = store.current;
		%s
	})()`, lines, script), &says)
	return says
}

const eachItem = `return pair.items.map((item) => [item.n, item.kind, item.took, ...[...item.offers.values()].map(
	(o) => o.from + " " + o.seq + " " + o.fate + (o.renews ? " renews " + o.renews.seq : ""))].join(" · "));`

// The exchanges of a trace are found by the identity of messages, and by no clock: the
// other side's is nearly two seconds ahead.
func TestStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.rawTab(w.url + "/")
	recorded := recorded(t)
	for _, c := range []struct{ name, lines, script, want string }{
		{"exchanges", recorded, eachItem, `
			1 · aside · 0
			2 · exchange · 46 · here 1 answered
			3 · exchange · 138 · here 6 answered
			4 · collision · 543 · here 8 taken back · there 9 answered · here 11 answered renews 8
			5 · exchange · 8 · there 11 answered
			6 · aside · 0
			7 · exchange · 2486 · here 13 answered`},
		{"the order of a collision", recorded, `
			return pair.ordered().filter((e) => e.item.n === 4 && e.msg).map((e) => e.side + " " + e.kind + " " + e.msg.seq);`, `
			here offer-sending 8
			there offer-sending 9
			there offer-received 8
			there collision-ignored 8
			there candidate-ignored 9
			here offer-received 9
			here collision-rollback 8
			here answer-creating 9
			here answer-sending 10
			here offer-sending 11
			there answer-received 10
			there offer-received 11
			there answer-creating 11
			there answer-sending 10
			here answer-received 10`},
		{"what the other side makes up", strings.Join([]string{
			`null`, `[]`, `{`, `"event"`, `{"pn":"event"}`,
			`{"pn":"event","kind":"<img>","peer":"a"}`,
			`{"pn":"event","kind":"offer-sending","peer":"a","side":"there","n":-1,"t":"now","msg":[],"cause":{},"text":7}`,
			`{"pn":"event","kind":"answer-sending","peer":"a","side":"there","n":1e400,"cause":9,"msg":{"type":"answer","seq":9,"sent":true}}`,
			`{"pn":"event","kind":"collision-rollback","peer":"__proto__","side":"there","msg":{"type":"constructor","session":"toString"}}`,
		}, "\n"), `return [...store.pairs.values()].flatMap((p) => p.ordered().map((e) => [e.peer, e.n, e.t, e.kind, e.item.kind].join(" ")));`, `
			a 0 0 offer-sending aside
			a 0 0 answer-sending aside
			__proto__ 0 0 collision-rollback aside`},
		{"causes that go in a circle", strings.Join([]string{
			`{"pn":"event","kind":"negotiation-needed","peer":"a","side":"there","n":1,"cause":3}`,
			`{"pn":"event","kind":"offer-sending","peer":"a","side":"there","n":2,"cause":2,"msg":{"type":"offer","session":"s","seq":1,"sent":true}}`,
			`{"pn":"event","kind":"offer-sending","peer":"a","side":"there","n":3,"cause":1,"msg":{"type":"offer","session":"s","seq":2,"sent":true}}`,
		}, "\n"), `const { summary } = await import("/inspector/words.js"); return pair.items.map((item) => summary(item, pair, () => true).what);`, `
			a offered, you have not answered yet`},
		{"the oldest exchanges go", many(300), `return [pair.events.length <= 1100, pair.items[0].n > 1, pair.messages.size <= 550,
			pair.dropped.items + pair.items.length, pair.dropped.events + pair.events.length].map(String);`, `
			true
			true
			true
			300
			1200`},
	} {
		var want []string
		for line := range strings.SplitSeq(strings.TrimSpace(c.want), "\n") {
			want = append(want, strings.TrimSpace(line))
		}
		if got := b.storeSays(c.script, c.lines); !slices.Equal(got, want) {
			t.Errorf("%s:\n%s\nwant:\n%s", c.name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// many returns the lines of n exchanges, of both sides, four events each.
func many(n int) string {
	var lines strings.Builder
	for i := range n {
		for j, kind := range []trace.Kind{trace.OfferSending, trace.OfferReceived, trace.AnswerSending, trace.AnswerReceived} {
			side, typ, seq := "here", trace.Offer, i+1
			if j == 1 || j == 2 {
				side = "there"
			}
			cause := 0
			if j >= 2 {
				typ, cause = trace.Answer, 2*i+1
			}
			fmt.Fprintf(&lines, `{"pn":"event","n":%d,"t":%d,"side":%q,"peer":"other","life":1,"kind":%q,"state":"stable","cause":%d,"msg":{"type":%q,"session":"s","seq":%d,"sent":%t}}`+"\n",
				2*i+1+j/2, 10_000*i+10*j, side, kind, cause, typ, seq, j%2 == 0)
		}
	}
	return lines.String()
}
