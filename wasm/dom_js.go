package main

import (
	"errors"
	"fmt"

	"perfect-negotiation/negotiation/webapi"

	"github.com/hack-pad/safejs"
)

// document is the part of the DOM that the page needs. Text is always set as text.
type document struct{ root safejs.Value }

func openDocument() (document, error) {
	root, err := safejs.Global().Get("document")
	return document{root}, err
}

// element is an element of the page. It remembers the first error, so that a series
// of settings needs one check.
type element struct {
	safejs.Value
}

func (d document) byID(id string) (element, error) {
	v, err := d.root.Call("getElementById", id)
	if err != nil {
		return element{}, err
	}
	if v.IsNull() {
		return element{}, fmt.Errorf("the page has no element #%s", id)
	}
	return element{v}, nil
}

func (d document) create(tag, class string) element {
	v, _ := d.root.Call("createElement", tag)
	e := element{v}
	if class != "" {
		e.set("className", class)
	}
	return e
}

// data returns a data attribute of the html element.
func (d document) data(name string) string {
	v, err := d.root.Get("documentElement")
	if err != nil {
		return ""
	}
	return element{v}.dataOf(name)
}

func (d document) setData(name, value string) {
	if v, err := d.root.Get("documentElement"); err == nil {
		(element{v}).data(name, value)
	}
}

// focused returns the element that has the focus.
func (d document) focused() safejs.Value {
	v, _ := d.root.Get("activeElement")
	return v
}

func (e element) contains(other safejs.Value) bool {
	v, err := e.Call("contains", other)
	return err == nil && truth(v)
}

// is returns a boolean property.
func (e element) is(property string) bool {
	v, err := e.Get(property)
	return err == nil && truth(v)
}

func truth(v safejs.Value) bool {
	is, err := v.Bool()
	return err == nil && is
}

func (e element) set(property string, value any) { _ = e.Set(property, value) }

func (e element) setText(s string) { e.set("textContent", s) }

func (e element) setAttribute(name, value string) { _, _ = e.Call("setAttribute", name, value) }

func (e element) data(name, value string) {
	e.setAttribute("data-"+name, value)
}

// dataOf returns a data attribute; empty: it is absent.
func (e element) dataOf(name string) string {
	set, err := e.Get("dataset")
	if err != nil {
		return ""
	}
	return text(set, name)
}

func (e element) append(children ...any) { _, _ = e.Call("append", children...) }

// on calls f for an event, until it is released.
func (e element) on(event string, f func(event element)) (release func(), err error) {
	fn, err := webapi.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		f(element{args[0]})
		return nil
	})
	if err != nil {
		return nil, err
	}
	if _, err := e.Call("addEventListener", event, fn); err != nil {
		webapi.Release(fn)
		return nil, err
	}
	return func() {
		_, _ = e.Call("removeEventListener", event, fn)
		webapi.Release(fn)
	}, nil
}

// text returns a string property, or "".
func text(v safejs.Value, property string) string {
	v, err := v.Get(property)
	if err != nil || v.Type() != safejs.TypeString {
		return ""
	}
	s, _ := v.String()
	return s
}

// global returns a property of the window, by its path.
func global(path ...string) (safejs.Value, error) {
	v := safejs.Global()
	for _, name := range path {
		var err error
		if v, err = v.Get(name); err != nil {
			return v, err
		}
	}
	if v.IsUndefined() {
		return v, errors.New("undefined")
	}
	return v, nil
}
