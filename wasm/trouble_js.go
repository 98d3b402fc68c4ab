package main

import (
	"time"

	"perfect-negotiation/negotiation/signaling/trouble"
)

const cutFor = 3 * time.Second

// troubleForm is what the reader lets befall the signalling of this side.
type troubleForm struct {
	trouble.Trouble
	d  document
	el map[string]element
}

func newTroubleForm(d document) (*troubleForm, error) {
	f := &troubleForm{d: d, el: map[string]element{}}
	for _, name := range []string{"form", "delay", "jitter", "drop", "duplicate", "hold", "cut", "reset"} {
		e, err := d.byID("trouble-" + name)
		if err != nil {
			return nil, err
		}
		f.el[name] = e
	}
	f.read()
	return f, nil
}

func (f *troubleForm) listeners() []listener {
	return []listener{
		{f.el["form"], "input", func(element) { f.read() }},
		{f.el["cut"], "click", func(element) { f.Cut(cutFor) }},
	}
}

// end leaves nothing to trouble.
func (f *troubleForm) end() {
	f.Set(trouble.Settings{})
	for _, e := range f.el {
		e.set("disabled", true)
	}
}

// read takes the settings over, and has the page tell whether there are any.
func (f *troubleForm) read() {
	s := trouble.Settings{
		Delay:     time.Duration(f.number("delay")) * time.Millisecond,
		Jitter:    time.Duration(f.number("jitter")) * time.Millisecond,
		Drop:      f.number("drop") / 100,
		Duplicate: f.number("duplicate") / 100,
		Hold:      f.el["hold"].is("checked"),
	}
	f.Set(s)
	on := "off"
	if s != (trouble.Settings{}) {
		on = "on"
	}
	f.d.setData("trouble", on)
}

func (f *troubleForm) number(name string) float64 {
	v, err := f.el[name].Get("valueAsNumber")
	if err != nil {
		return 0
	}
	n, _ := v.Float()
	return n
}
