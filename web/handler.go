package web

import (
	"bytes"
	"html/template"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"

	"perfect-negotiation/negotiation/signaling/wire"
)

// demoRoom is the room of the pages /polite and /impolite.
const demoRoom = "demo"

var page = template.Must(template.ParseFS(files, "index.html", "demo.html", "trouble.html"))

// document is the data of the templates.
type document struct {
	Root      string // relative address of the landing page, data-root
	View      string // home, polite, impolite, room, demo or missing; data-view
	Title     string
	Room      string    // data-room; empty where there is none
	Roles     wire.Role // of both sides of a demo, data-roles; empty: they differ
	OtherSide string    // name of the page with the other fixed role
	Reason    string    // what is missing
	Source    string    // data-source
	NoDemo    bool      // there are no pages /polite and /impolite
	WASM      string    // data-wasm: path of the program; empty: not built
	WASMSize  int64     // data-wasm-size: bytes before compression
}

// Peer reports whether the document is the page of a peer, which needs the WASM.
func (d document) Peer() bool { return d.Room != "" }

// MaxRoom is the maximum length of a room's name, in characters; data-max-room.
func (d document) MaxRoom() int { return wire.MaxRoom }

// Live reports whether the document needs a script.
func (d document) Live() bool { return d.View != "missing" }

type site struct {
	program program
	config  Config
}

// Config of the pages.
type Config struct {
	// Source is the hash of the negotiation source that the server runs. The page passes
	// it on, so that the WASM can tell if it was built from another source.
	Source string
	// Logger is told why a page could not be made. Nil: nobody is.
	Logger *slog.Logger
	// NoDemo leaves /polite and /impolite out, for a server without the room demo.
	NoDemo bool
}

// Handler serves the page, its files and the WASM, all from the binary itself:
// /, /polite, /impolite, /r/{room}, /demo and what they load. For any other path it
// answers 404 with a page that says so.
//
// Without a WASM in dist the pages are served all the same, and say that it
// must be built.
func Handler(c Config) http.Handler { return newHandler(files, c) }

// Built reports whether dist has the WASM that the pages need.
func Built() bool { return findProgram(files).built() }

func newHandler(fsys fs.FS, c Config) http.Handler {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s := &site{program: findProgram(fsys), config: c}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.view(document{View: "home"}))
	if !c.NoDemo {
		mux.HandleFunc("GET /polite", s.view(document{View: "polite", Title: "Polite", Room: demoRoom, OtherSide: "impolite"}))
		mux.HandleFunc("GET /impolite", s.view(document{View: "impolite", Title: "Impolite", Room: demoRoom, OtherSide: "polite"}))
	}
	mux.HandleFunc("GET /r/{room}", s.room)
	mux.HandleFunc("GET /demo", s.view(document{View: "demo", Title: "Both sides", Room: demoRoom}))
	mux.HandleFunc("GET /demo/both-polite", s.view(document{View: "demo", Title: "Both polite", Room: demoRoom, Roles: wire.Polite}))
	mux.HandleFunc("GET /demo/both-impolite", s.view(document{View: "demo", Title: "Both impolite", Room: demoRoom, Roles: wire.Impolite}))
	mux.HandleFunc("GET /", s.missing)
	for name, file := range assets(fsys) {
		mux.Handle("GET /"+name, file)
	}
	if s.program.built() {
		mux.Handle("GET "+s.program.path(), s.program)
	}
	return Secure(mux)
}

func (s *site) view(d document) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { s.render(w, r, d) }
}

func (s *site) room(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("room")
	if !wire.ValidRoom(name) {
		s.render(w, r, document{
			View:   "missing",
			Title:  "No such room name",
			Reason: "The name of a room " + wire.RoomRule + ".",
		})
		return
	}
	s.render(w, r, document{View: "room", Title: name, Room: name})
}

func (s *site) missing(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, document{
		View:   "missing",
		Title:  "Nothing here",
		Reason: "This address leads nowhere. It may be mistyped, or the link may be old.",
	})
}

// root returns the relative address of the landing page. What a page loads, links and
// connects to is relative to it, so a reverse proxy may serve all of it under a path.
func root(r *http.Request) string {
	if depth := strings.Count(r.URL.EscapedPath(), "/") - 1; depth > 0 {
		return strings.Repeat("../", depth)
	}
	return "./"
}

func (s *site) render(w http.ResponseWriter, r *http.Request, d document) {
	d.Root, d.Source, d.NoDemo = root(r), s.config.Source, s.config.NoDemo
	if s.program.built() {
		d.WASM, d.WASMSize = s.program.path(), s.program.size
	}
	var html bytes.Buffer
	if err := page.Execute(&html, d); err != nil {
		s.config.Logger.Error("a page cannot be made", "view", d.View, "error", err)
		http.Error(w, "The page could not be made; the server's log tells why.", http.StatusInternalServerError)
		return
	}
	if d.View == "missing" {
		w.Header().Set("Content-Type", htmlType)
		w.Header().Set("Cache-Control", "no-cache")
		w.WriteHeader(http.StatusNotFound)
		io.Copy(w, &html)
		return
	}
	asset{contentType: htmlType, body: html.Bytes()}.ServeHTTP(w, r)
}
