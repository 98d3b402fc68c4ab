package main

import (
	"errors"
	"strings"

	"github.com/hack-pad/safejs"
)

// source is what the page can send: a button, and how to get its track.
type source struct {
	id   string
	name string // in words
	// get asks for a MediaStream. It is called in the handler of a click, which
	// screen sharing demands, and returns a promise or a stream.
	get func(p *page) (safejs.Value, error)

	asking bool
	track  safejs.Value
	on     bool
}

func sources() []*source {
	return []*source{
		{id: "camera", name: "camera", get: func(*page) (safejs.Value, error) {
			return device("getUserMedia", map[string]any{"video": true})
		}},
		{id: "microphone", name: "microphone", get: func(*page) (safejs.Value, error) {
			return device("getUserMedia", map[string]any{"audio": true})
		}},
		{id: "screen", name: "screen", get: func(*page) (safejs.Value, error) {
			return device("getDisplayMedia", map[string]any{"video": true})
		}},
		{id: "pattern", name: "test pattern", get: (*page).pattern},
	}
}

var errInsecure = errors.New("insecure")

func device(method string, constraints map[string]any) (safejs.Value, error) {
	devices, err := global("navigator", "mediaDevices")
	if err != nil || devices.IsUndefined() {
		return safejs.Undefined(), errInsecure
	}
	if f, err := devices.Get(method); err != nil || f.IsUndefined() {
		return safejs.Undefined(), errors.New("NotSupportedError")
	}
	return devices.Call(method, constraints)
}

// toggle is called when the button of a source is pressed.
func (p *page) toggle(s *source) {
	switch {
	case s.asking:
	case s.on:
		p.stopSource(s)
	default:
		p.el["media-error"].set("hidden", true)
		promise, err := s.get(p)
		s.asking = true
		go func() {
			stream, err := settled(promise, err)
			s.asking = false
			if err == nil {
				err = p.startSource(s, stream)
			}
			if err != nil {
				p.el["media-error"].setText(complaint(s.name, err))
				p.el["media-error"].set("hidden", false)
			}
		}()
	}
}

func (p *page) startSource(s *source, stream safejs.Value) error {
	tracks, err := stream.Call("getTracks")
	if err != nil {
		return err
	}
	if s.track, err = tracks.Index(0); err != nil {
		return err
	}
	s.on = true
	p.el[s.id].setAttribute("aria-pressed", "true")
	// The browser has a button of its own to stop sharing.
	if err := (element{s.track}).on("ended", func(element) { p.stopSource(s) }); err != nil {
		return err
	}
	p.peer.Send("", s.name, s.track)
	return nil
}

func (p *page) stopSource(s *source) {
	if !s.on {
		return
	}
	s.on = false
	p.peer.Unsend("", s.name)
	_, _ = s.track.Call("stop")
	p.el[s.id].setAttribute("aria-pressed", "false")
}

// complaint says in plain words why there is no media.
func complaint(name string, err error) string {
	reason, _, _ := strings.Cut(err.Error(), ":")
	switch reason {
	case errInsecure.Error():
		return "Browsers give the " + name + " only to pages over https or on localhost. The test pattern works here."
	case "NotAllowedError", "SecurityError":
		return "The " + name + " was not allowed. Allow it beside the address of the page, or in the settings of the system, and try again."
	case "NotFoundError", "OverconstrainedError":
		return "This device has no " + name + ". The test pattern works without."
	case "NotReadableError", "AbortError":
		return "The " + name + " is there and does not work. Another program may use it."
	case "NotSupportedError":
		return "This browser cannot share the " + name + "."
	}
	return "No " + name + ": " + err.Error()
}

// pattern returns a stream of a picture that moves, drawn here.
func (p *page) pattern() (safejs.Value, error) {
	canvas := p.d.create("canvas", "")
	const width, height = 320, 180
	canvas.set("width", width)
	canvas.set("height", height)
	pen, err := canvas.Call("getContext", "2d")
	if err != nil {
		return pen, err
	}
	step := 0
	draw := func() {
		step++
		for i, colour := range []string{"#1d56c9", "#a8430a", "#146c43", "#825800"} {
			_ = pen.Set("fillStyle", colour)
			_, _ = pen.Call("fillRect", (step*4+i*width/4)%width-width/4, 0, width/4, height)
			_, _ = pen.Call("fillRect", (step*4+i*width/4)%width, 0, width/4, height)
		}
		_ = pen.Set("fillStyle", "#fff")
		_, _ = pen.Call("fillRect", step*7%width, step*3%height, 20, 20)
	}
	draw()
	tick, err := safejs.FuncOf(func(safejs.Value, []safejs.Value) any {
		draw()
		return nil
	})
	if err != nil {
		return pen, err
	}
	timer, err := safejs.Global().Call("setInterval", tick, 66)
	if err != nil {
		return pen, err
	}
	p.stopDrawing()
	p.stopDrawing = func() {
		_, _ = safejs.Global().Call("clearInterval", timer)
		tick.Release()
		p.stopDrawing = func() {}
	}
	return canvas.Call("captureStream")
}

// tile shows a track that somebody sends.
func (p *page) tile(from string, track safejs.Value) {
	kind, id := text(track, "kind"), text(track, "id")
	if p.tiles[from][id] {
		return // it has been taken away, and comes again
	}
	figure, words := p.d.create("figure", ""), p.d.create("figcaption", "")
	figure.data("peer", from)
	figure.data("kind", kind)
	player := p.d.create(kind, "")
	player.set("autoplay", true)
	player.set("playsInline", true)
	if kind == "audio" {
		player.set("controls", true)
	}
	class, err := safejs.Global().Get("MediaStream")
	if err != nil {
		return
	}
	stream, err := class.New([]any{track})
	if err != nil {
		return
	}
	player.set("srcObject", stream)
	figure.append(player.Value, words.Value)
	if p.tiles[from] == nil {
		p.tiles[from] = map[string]bool{}
	}
	p.tiles[from][id] = true
	p.el["media"].append(figure.Value)

	state := func(now string) func(element) {
		return func(element) {
			figure.data("state", now)
			words.setText(from[:min(6, len(from))] + " · " + kind + " · " + map[string]string{"live": "live", "muted": "paused"}[now])
		}
	}
	first := "live"
	if muted, err := track.Get("muted"); err == nil {
		if is, _ := muted.Bool(); is {
			first = "muted"
		}
	}
	state(first)(element{})
	e := element{track}
	_ = e.on("unmute", state("live"))
	_ = e.on("mute", state("muted"))
	_ = e.on("ended", func(element) {
		delete(p.tiles[from], id)
		_, _ = figure.Call("remove")
	})
}

// removeTiles is called when a pairing has ended, and all its tracks with it.
func (p *page) removeTiles(from string) {
	delete(p.tiles, from)
	tiles, err := p.el["media"].Call("querySelectorAll", "[data-peer=\""+from+"\"]")
	if err != nil {
		return
	}
	n, _ := tiles.Length()
	for i := range n {
		if tile, err := tiles.Index(i); err == nil {
			_, _ = tile.Call("remove")
		}
	}
}

// settled waits for a promise, if it is one. An error starts with its name.
func settled(promise safejs.Value, err error) (safejs.Value, error) {
	if err != nil {
		return promise, err
	}
	then, err := promise.Get("then")
	if err != nil || then.IsUndefined() {
		return promise, err
	}
	type result struct {
		value safejs.Value
		err   error
	}
	results := make(chan result, 1)
	resolve, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		results <- result{value: args[0]}
		return nil
	})
	if err != nil {
		return promise, err
	}
	defer resolve.Release()
	reject, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		results <- result{err: errors.New(text(args[0], "name") + ": " + text(args[0], "message"))}
		return nil
	})
	if err != nil {
		return promise, err
	}
	defer reject.Release()
	if _, err := promise.Call("then", resolve, reject); err != nil {
		return promise, err
	}
	r := <-results
	return r.value, r.err
}
