package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/andybalholm/brotli"

	"perfect-negotiation/web/packed"
)

const wasmPath = "/dist/app.0123456789abcdef.wasm"

var wasmBytes = []byte("\x00asm\x01\x00\x00\x00" + strings.Repeat("program ", 200))

// dist is the page's own files with the given names in dist.
func dist(t *testing.T, names ...string) fstest.MapFS {
	t.Helper()
	fsys := fstest.MapFS{}
	sources, err := fs.Glob(files, "inspector/*.*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Concat(sources, packed.Unchanged, []string{"index.html", "style.css", "home.css", "boot.js", "log.js", "favicon.svg"}) {
		b, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		fsys[name] = &fstest.MapFile{Data: b}
	}
	for _, name := range names {
		var b bytes.Buffer
		var w io.WriteCloser = struct {
			io.Writer
			io.Closer
		}{&b, io.NopCloser(nil)}
		switch {
		case strings.HasSuffix(name, ".br"):
			w = brotli.NewWriter(&b)
		case strings.HasSuffix(name, ".gz"):
			w = gzip.NewWriter(&b)
		}
		if _, err := w.Write(wasmBytes); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		fsys["dist/"+name] = &fstest.MapFile{Data: b.Bytes()}
	}
	return fsys
}

func built(t *testing.T) http.Handler {
	t.Helper()
	name := strings.TrimPrefix(wasmPath, "/dist/")
	return newHandler(dist(t, name, name+".gz", name+".br", "wasm_exec.js"), Config{Source: "c0ffee"})
}

func do(h http.Handler, method, target string, header ...string) *http.Response {
	r := httptest.NewRequest(method, "http://example.org:8080"+target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestRoutes(t *testing.T) {
	const html, js = "text/html; charset=utf-8", "text/javascript; charset=utf-8"
	long := strings.Repeat("ü", 64)
	for _, c := range []struct {
		target      string
		status      int
		contentType string
		contains    string
	}{
		{"/", 200, html, `data-view="home" data-room=""`},
		{"/?from=mail", 200, html, `data-view="home"`},
		{"/", 200, html, `data-max-room="64"`},
		{"/polite", 200, html, `data-view="polite" data-room="demo"`},
		{"/impolite", 200, html, `data-view="impolite" data-room="demo"`},
		{"/demo", 200, html, `data-view="demo" data-room="demo" data-roles=""`},
		{"/demo/both-polite", 200, html, `data-roles="polite"`},
		{"/demo/both-impolite", 200, html, `data-roles="impolite"`},
		{"/demo/both", 404, html, "Nothing here"},
		{"/r/calm-otter-42", 200, html, `data-view="room" data-room="calm-otter-42"`},
		{"/r/" + long, 200, html, `data-room="` + long + `"`},
		{"/r/a%2Fb", 200, html, `data-room="a/b"`},
		{"/r/%22%3E%3Cscript%3E", 200, html, `data-room="&#34;&gt;&lt;script&gt;"`},
		{"/r/%7B%7B.Source%7D%7D", 200, html, `data-room="{{.Source}}"`},
		{"/r/" + long + "x", 404, html, "1 to 64 characters"},
		{"/r/%20", 404, html, "not only spaces"},
		{"/r/%20a", 200, html, `data-room=" a"`},
		{"/r/a%0Ab", 404, html, "no control characters"},
		{"/r/%FF", 404, html, "No such room name"},
		{"/r/", 404, html, "<h1>"},
		{"/r/a/b", 404, html, "Nothing here"},
		{"/style.css", 200, "text/css; charset=utf-8", ":root"},
		{"/boot.js", 200, js, "use strict"},
		{"/log.js", 200, js, "use strict"},
		{"/favicon.svg", 200, "image/svg+xml", "<svg"},
		{"/client.mjs", 200, js, "export const join"},
		{"/client.d.mts", 200, "application/typescript; charset=utf-8", "export function join"},
		{"/client/link.mjs", 200, js, "export class End"},
		{"/client/", 404, html, "Nothing here"},
		{"/dist/wasm_exec.js", 200, js, "program"},
		{"/inspector/main.js", 200, js, "import"},
		{"/inspector/", 404, html, "Nothing here"},
		{"/inspector/nothing.js", 404, html, "Nothing here"},
		{wasmPath, 200, "application/wasm", "\x00asm"},
		{wasmPath + ".br", 404, html, "Nothing here"},
		{"/dist/app.fedcba9876543210.wasm", 404, html, "Nothing here"},
		{"/dist/", 404, html, "Nothing here"},
		{"/dist/.gitkeep", 404, html, "Nothing here"},
		{"/index.html", 404, html, "Nothing here"},
		{"/handler.go", 404, html, "Nothing here"},
		{"/dist/..%2findex.html", 404, html, "Nothing here"},
		{"/%2e%2e%2fetc%2fpasswd", 404, html, "Nothing here"},
		{"/dist/../handler.go", 307, html, "/handler.go"},
	} {
		t.Run(c.target, func(t *testing.T) {
			h := built(t)
			r := do(h, "GET", c.target)
			if r.StatusCode != c.status || r.Header.Get("Content-Type") != c.contentType {
				t.Errorf("got %d %q, want %d %q", r.StatusCode, r.Header.Get("Content-Type"), c.status, c.contentType)
			}
			if got := body(t, r); !strings.Contains(got, c.contains) {
				t.Errorf("no %q in:\n%s", c.contains, got)
			}
			head := do(h, "HEAD", c.target)
			if head.StatusCode != c.status || head.Header.Get("Content-Type") != c.contentType {
				t.Errorf("HEAD: got %d %q", head.StatusCode, head.Header.Get("Content-Type"))
			}
			for _, method := range []string{"POST", "PUT", "DELETE"} {
				r := do(h, method, c.target)
				if c.status != http.StatusTemporaryRedirect && (r.StatusCode != http.StatusMethodNotAllowed || r.Header.Get("Allow") != "GET, HEAD") {
					t.Errorf("%s: got %d, Allow %q", method, r.StatusCode, r.Header.Get("Allow"))
				}
			}
		})
	}
}

// A server without the room demo has no pages for it, and no links to them.
func TestNoDemo(t *testing.T) {
	h := newHandler(dist(t), Config{NoDemo: true})
	for target, status := range map[string]int{"/": 200, "/demo": 200, "/r/x": 200, "/polite": 404, "/impolite": 404} {
		r := do(h, "GET", target)
		if page := body(t, r); r.StatusCode != status || strings.Contains(page, `href="./polite"`) || strings.Contains(page, `href="./impolite"`) {
			t.Errorf("%s: %d\n%s", target, r.StatusCode, page)
		}
	}
}

func TestHeadHasNoBody(t *testing.T) {
	server := httptest.NewServer(built(t))
	defer server.Close()
	for _, path := range []string{"/", "/boot.js", wasmPath, "/nowhere"} {
		r, err := http.Head(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		if got := body(t, r); got != "" {
			t.Errorf("HEAD %s has a body of %d bytes", path, len(got))
		}
		r.Body.Close()
	}
}
