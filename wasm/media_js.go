package main

import (
	"errors"
	"strings"

	"perfect-negotiation/negotiation/peer"

	"github.com/hack-pad/safejs"

	"perfect-negotiation/negotiation/webapi"
)

// source is what the page can send: a button, and how to get its track.
type source struct {
	id   string
	name string // in words
	// get asks for a MediaStream. It is called in the handler of a click, which
	// screen sharing demands, and returns a promise or a stream.
	get func(*source, document) (safejs.Value, error)

	asking  bool
	on      bool
	track   safejs.Value
	release []func() // what goes when the track goes
}

func sources() []*source {
	return []*source{
		{id: "camera", name: "camera", get: func(*source, document) (safejs.Value, error) {
			return device("getUserMedia", map[string]any{"video": true})
		}},
		{id: "microphone", name: "microphone", get: func(*source, document) (safejs.Value, error) {
			return device("getUserMedia", map[string]any{"audio": true})
		}},
		{id: "screen", name: "screen", get: func(*source, document) (safejs.Value, error) {
			return device("getDisplayMedia", map[string]any{"video": true})
		}},
		{id: "pattern", name: "test pattern", get: (*source).pattern},
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
func (s *side) toggle(src *source) {
	switch {
	case src.asking:
	case src.on:
		s.stopSource(src)
	default:
		s.el["media-error"].set("hidden", true)
		stream, err := src.get(src, s.d)
		src.asking = true
		go func() {
			if err == nil {
				err = s.startSource(src, stream)
			}
			src.asking = false
			if err != nil {
				src.end()
				s.el["media-error"].setText(complaint(src.name, err))
				s.el["media-error"].set("hidden", false)
			}
		}()
	}
}

// startSource sends what the promise of a stream brings.
func (s *side) startSource(src *source, stream safejs.Value) error {
	r := <-webapi.Await(stream).C
	if r.Err != nil {
		return r.Err
	}
	tracks, err := r.Value.Call("getTracks")
	if err != nil {
		return err
	}
	if src.track, err = tracks.Index(0); err != nil {
		return err
	}
	if s.ended { // the reader has allowed it too late
		src.end()
		return nil
	}
	// The browser has a button of its own to stop sharing.
	release, err := element{src.track}.on("ended", func(element) { s.stopSource(src) })
	if err != nil {
		return err
	}
	src.release = append(src.release, release)
	src.on = true
	s.el[src.id].setAttribute("aria-pressed", "true")
	s.peer.Publish("", src.name, src.track)
	return nil
}

func (s *side) stopSource(src *source) {
	if !src.on {
		return
	}
	src.on = false
	s.peer.Unpublish("", src.name)
	s.el[src.id].setAttribute("aria-pressed", "false")
	src.end()
}

// end lets go of the track, if there is one, and of what it needed.
func (s *source) end() {
	_, _ = s.track.Call("stop")
	for _, release := range s.release {
		release()
	}
	s.release, s.track = nil, safejs.Undefined()
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
func (s *source) pattern(d document) (safejs.Value, error) {
	canvas := d.create("canvas", "")
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
	tick, err := webapi.FuncOf(func(safejs.Value, []safejs.Value) any {
		draw()
		return nil
	})
	if err != nil {
		return pen, err
	}
	s.release = append(s.release, func() { webapi.Release(tick) })
	timer, err := safejs.Global().Call("setInterval", tick, 66)
	if err != nil {
		return pen, err
	}
	s.release = append(s.release, func() { _, _ = safejs.Global().Call("clearInterval", timer) })
	return canvas.Call("captureStream")
}

// tile shows a track that somebody sends.
type tile struct {
	figure  element
	release []func()
}

// addTile makes a tile for a track. It is there as long as the track is, and seen
// while something comes.
func (s *side) addTile(from string, track safejs.Value) {
	kind, id := text(track, "kind"), text(track, "id")
	if s.tiles[from][id] != nil {
		return // it has been taken away, and comes again
	}
	class, err := safejs.Global().Get("MediaStream")
	if err != nil {
		return
	}
	stream, err := class.New([]any{track})
	if err != nil {
		return
	}
	words := s.d.create("figcaption", "")
	words.setText(peer.ShortID(from) + " · " + kind)
	player := s.d.create(kind, "")
	player.set("autoplay", true)
	player.set("playsInline", true)
	player.set("controls", kind == "audio")
	player.set("muted", kind == "video") // else some play nothing before the page was touched
	player.set("srcObject", stream)
	t := &tile{figure: s.d.create("figure", "")}
	t.figure.data("peer", from)
	t.figure.data("kind", kind)
	t.figure.append(player.Value, words.Value)
	s.el["media"].append(t.figure.Value)
	if s.tiles[from] == nil {
		s.tiles[from] = map[string]*tile{}
	}
	s.tiles[from][id] = t

	show := func(element) {
		state := "live"
		if muted, err := track.Get("muted"); err == nil {
			if is, _ := muted.Bool(); is {
				state = "muted"
			}
		}
		t.figure.data("state", state)
		t.figure.set("hidden", state == "muted")
	}
	show(element{})
	for event, f := range map[string]func(element){
		"unmute": show,
		"mute":   show,
		"ended":  func(element) { s.removeTile(from, id) },
	} {
		if release, err := (element{track}).on(event, f); err == nil {
			t.release = append(t.release, release)
		}
	}
}

func (s *side) removeTile(from, id string) {
	t := s.tiles[from][id]
	if t == nil {
		return
	}
	delete(s.tiles[from], id)
	for _, release := range t.release {
		release()
	}
	_, _ = t.figure.Call("remove")
}

// removeTiles is called when a pairing has ended, and all its tracks with it.
func (s *side) removeTiles(from string) {
	for id := range s.tiles[from] {
		s.removeTile(from, id)
	}
	delete(s.tiles, from)
}
