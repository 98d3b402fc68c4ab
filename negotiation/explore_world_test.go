//go:build !js

package negotiation

// world is two Sessions, each over a model, joined by two FIFO queues: a plain
// value, so that every order of events can be walked. Sessions and Negotiators
// are the shipped ones; only the goroutine, the timer and the network are absent.
type world struct {
	actors [2]*actor
	faults int // operations that may still fail
	closes int // actors that may still be closed
	echoes int // answers that may still come twice
	spoils int // answers that may still come as garbage

	linkFaults        // that may still happen to the link
	crashed, hits int // how often it crashed, or something else happened

	script []byte // what to choose within operations, in order
	arity  []byte // how many choices there were
	broken []string
	record func(who int, text string) // nil: nobody looks
}

// setting is what a walk begins with.
type setting struct {
	name    string
	kinds   [2]string // browser or pion, of the polite and of the impolite peer
	plans   [2][]string
	renegs  int // per side
	restart [2]int
	faults  int
	closes  int
	echoes  int
	spoils  int

	linked     bool // over a link
	linkFaults      // which may happen to it
}

func newWorld(c setting) *world {
	w := &world{
		faults: c.faults, closes: c.closes, echoes: c.echoes, spoils: c.spoils, linkFaults: c.linkFaults,
	}
	for i := range w.actors {
		a := &actor{w: w, me: i, kind: c.kinds[i], plan: c.plans[i], renegs: c.renegs, restart: c.restart[i]}
		w.actors[i] = a
		a.begin([]string{"p", "i"}[i])
	}
	if c.linked {
		for _, a := range w.actors {
			a.link = newLinked(a.me, 0)
		}
		for _, a := range w.actors {
			a.flush()
		}
	}
	return w
}

func (w *world) next(who int, e event, script []byte) (state, []byte) {
	if !w.actors[who].may(e) {
		return nil, nil
	}
	v := w.clone(who)
	v.script = script
	v.actors[who].happen(e)
	v.check()
	return v, v.arity
}

func (w *world) violations() []string { return w.broken }

func (w *world) observe(f func(who int, text string)) { w.record = f }

// choose returns one of n choices: the script's, or the first.
func (w *world) choose(n int) int {
	i := len(w.arity)
	w.arity = append(w.arity, byte(n))
	if i < len(w.script) {
		return int(w.script[i]) % n
	}
	return 0
}
