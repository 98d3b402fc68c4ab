package replay

import (
	"fmt"

	"perfect-negotiation/negotiation/trace"
	"perfect-negotiation/negotiation/trace/dump"
)

// File replays every negotiation of this side that a file has recorded. It returns
// the number of negotiations and of decisions that are the same; an error names the
// pairing.
func File(f *dump.File) (negotiations, same int, err error) {
	type key struct {
		peer string
		life uint64
	}
	var keys []key
	inputs, events := map[key][]trace.Input{}, map[key][]trace.Event{}
	for _, in := range f.Inputs {
		k := key{in.Peer, in.Life}
		if inputs[k] == nil {
			keys = append(keys, k)
		}
		inputs[k] = append(inputs[k], in.Input)
	}
	for _, l := range f.Events {
		if k := (key{l.Event.Peer, l.Event.Life}); l.Side == trace.Here && inputs[k] != nil {
			events[k] = append(events[k], l.Event)
		}
	}
	if len(keys) == 0 {
		return 0, 0, fmt.Errorf("%w: it has no inputs", ErrRecording)
	}
	for _, k := range keys {
		n, err := Run(inputs[k], events[k])
		same += n
		if err != nil {
			return len(keys), same, fmt.Errorf("pairing %d with %q: %w", k.life, trace.Printable(k.peer), err)
		}
	}
	return len(keys), same, nil
}
