package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/andybalholm/brotli"

	"perfect-negotiation/web/packed"
)

func TestRevalidation(t *testing.T) {
	h := built(t)
	for target, cache := range map[string]string{
		"/":                  "no-cache",
		"/r/x":               "no-cache",
		"/style.css":         "no-cache",
		"/dist/wasm_exec.js": "no-cache",
		wasmPath:             "public, max-age=31536000, immutable",
	} {
		r := do(h, "GET", target)
		etag := r.Header.Get("ETag")
		if etag == "" || r.Header.Get("Cache-Control") != cache {
			t.Errorf("%s: ETag %q, Cache-Control %q", target, etag, r.Header.Get("Cache-Control"))
		}
		r = do(h, "GET", target, "If-None-Match", `"other", W/`+etag)
		if got := body(t, r); r.StatusCode != http.StatusNotModified || got != "" || r.Header.Get("ETag") != etag {
			t.Errorf("%s: known ETag gives %d with %d bytes", target, r.StatusCode, len(got))
		}
		if r := do(h, "GET", target, "If-None-Match", `"other"`); r.StatusCode != 200 {
			t.Errorf("%s: another ETag gives %d", target, r.StatusCode)
		}
	}
	if a, b := do(h, "GET", "/r/a").Header.Get("ETag"), do(h, "GET", "/r/b").Header.Get("ETag"); a == b {
		t.Error("two rooms have the same ETag")
	}
	if r := do(h, "GET", "/nowhere", "If-None-Match", "*"); r.StatusCode != 404 {
		t.Errorf("a missing page gives %d", r.StatusCode)
	}
}

func TestFilesAreServedCompressed(t *testing.T) {
	h := built(t)
	for _, target := range []string{"/style.css", "/boot.js", "/inspector/main.js", "/client.mjs"} {
		plain, packed := do(h, "GET", target), do(h, "GET", target, "Accept-Encoding", "gzip, br")
		if plain.Header.Get("Content-Encoding") != "" || packed.Header.Get("Content-Encoding") != "gzip" || packed.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s: %v, %v", target, plain.Header, packed.Header)
		}
		if plain.Header.Get("ETag") == packed.Header.Get("ETag") {
			t.Errorf("%s: two codings have one ETag", target)
		}
		unpacked, err := gzip.NewReader(packed.Body)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(unpacked); err != nil || string(got) != body(t, plain) {
			t.Errorf("%s: %d bytes, %v", target, len(got), err)
		}
	}
}

func TestProgramIsServedCompressed(t *testing.T) {
	full := built(t)
	name := strings.TrimPrefix(wasmPath, "/dist/")
	fast := newHandler(dist(t, name, name+".gz", "wasm_exec.js"), Config{})
	raw := newHandler(dist(t, name, "wasm_exec.js"), Config{})
	etags := map[string]string{}
	for _, c := range []struct {
		handler http.Handler
		accept  string
		want    string
	}{
		{full, "gzip, deflate, br, zstd", "br"},
		{full, "gzip, deflate", "gzip"},
		{full, "", ""},
		{fast, "gzip, deflate, br", "gzip"},
		{fast, "br", ""},
		{raw, "gzip, br", ""},
	} {
		r := do(c.handler, "GET", wasmPath, "Accept-Encoding", c.accept)
		coding := r.Header.Get("Content-Encoding")
		if coding != c.want || r.Header.Get("Vary") != "Accept-Encoding" || r.Header.Get("Content-Type") != "application/wasm" {
			t.Errorf("%q: got %q, Vary %q, Content-Type %q", c.accept, coding, r.Header.Get("Vary"), r.Header.Get("Content-Type"))
		}
		if etag := r.Header.Get("ETag"); etags[coding] != "" && etags[coding] != etag {
			t.Errorf("%q: ETag %s, before %s", coding, etag, etags[coding])
		}
		etags[coding] = r.Header.Get("ETag")
		var content io.Reader = r.Body
		switch coding {
		case "br":
			content = brotli.NewReader(r.Body)
		case "gzip":
			var err error
			if content, err = gzip.NewReader(r.Body); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := io.ReadAll(content); err != nil || !bytes.Equal(got, wasmBytes) {
			t.Errorf("%q: %d bytes, %v", c.accept, len(got), err)
		}
	}
	if len(etags) != 3 || etags["br"] == etags["gzip"] || etags["gzip"] == etags[""] {
		t.Errorf("every coding has its own ETag: %v", etags)
	}
}

// Pages of any origin may import the client, and all that it imports, and nothing else.
func TestClientIsOpen(t *testing.T) {
	h := built(t)
	imported := regexp.MustCompile(`(?m)^(?:import|export) .*from "(.*)";$`)
	for _, name := range packed.Unchanged {
		r := do(h, "GET", "/"+name, "Origin", "https://example.com")
		if got := r.Header.Get("Access-Control-Allow-Origin"); r.StatusCode != 200 || got != "*" {
			t.Errorf("%s: %d, Access-Control-Allow-Origin %q", name, r.StatusCode, got)
		}
		for _, m := range imported.FindAllStringSubmatch(body(t, r), -1) {
			if needs := path.Join(path.Dir(name), m[1]); !slices.Contains(packed.Unchanged, needs) {
				t.Errorf("%s imports %s, which is not open", name, needs)
			}
		}
		r = do(h, "GET", "/"+name, "If-None-Match", r.Header.Get("ETag"), "Origin", "https://example.com")
		if got := r.Header.Get("Access-Control-Allow-Origin"); r.StatusCode != http.StatusNotModified || got != "*" {
			t.Errorf("%s again: %d, Access-Control-Allow-Origin %q", name, r.StatusCode, got)
		}
	}
	for _, other := range []string{"/", "/boot.js", "/inspector/main.js", wasmPath, "/nowhere.mjs"} {
		if got := do(h, "GET", other, "Origin", "https://example.com").Header.Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("%s: Access-Control-Allow-Origin %q", other, got)
		}
	}
}

// The client stays small enough to be read.
func TestClientIsSmall(t *testing.T) {
	for _, name := range packed.Unchanged {
		if n := strings.Count(file(t, name), "\n"); n > 500 {
			t.Errorf("%s has %d lines", name, n)
		}
	}
}

// What a release build has packed is served in place of its sources, if it is of these.
func TestPacked(t *testing.T) {
	fsys := dist(t)
	sum, err := packed.Sum(fsys)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"sum": sum + "\n", "boot.js": "small", "boot.js.br": "smaller", "inspector/chunk.js": "chunk"} {
		fsys[packed.Dir+"/"+name] = &fstest.MapFile{Data: []byte(content)}
	}
	get := func(h http.Handler, path, accepts string) string {
		t.Helper()
		r := do(h, "GET", path, "Accept-Encoding", accepts)
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return r.Header.Get("Content-Encoding") + " " + r.Header.Get("Vary") + " " + string(body)
	}
	h := newHandler(fsys, Config{Source: "c0ffee"})
	for _, row := range []struct{ path, accepts, want string }{
		{"/boot.js", "gzip, br", "br Accept-Encoding smaller"},
		{"/boot.js", "identity", " Accept-Encoding small"},
		{"/inspector/chunk.js", "br", "  chunk"},
	} {
		if got := get(h, row.path, row.accepts); got != row.want {
			t.Errorf("%s as %s: %q", row.path, row.accepts, got)
		}
	}
	fsys["inspector/store.js"] = &fstest.MapFile{Data: []byte("another")}
	if h := newHandler(fsys, Config{Source: "c0ffee"}); !strings.Contains(get(h, "/boot.js", "identity"), "use strict") || do(h, "GET", "/inspector/chunk.js").StatusCode != http.StatusNotFound {
		t.Error("what was packed of other sources is served")
	}
}
