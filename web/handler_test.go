package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
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
	for _, name := range append(sources, "index.html", "style.css", "home.css", "boot.js", "favicon.svg") {
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
	return newHandler(dist(t, name, name+".gz", name+".br", "wasm_exec.js"), "c0ffee")
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
		{"/favicon.svg", 200, "image/svg+xml", "<svg"},
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

func TestSecurityHeadersAreOnEverything(t *testing.T) {
	for _, target := range []string{"/", "/polite", "/r/x", "/boot.js", wasmPath, "/nowhere", "/r/%0A", "/a/../b"} {
		h := do(built(t), "GET", target).Header
		for name, want := range map[string]string{
			"X-Content-Type-Options":     "nosniff",
			"Referrer-Policy":            "no-referrer",
			"Permissions-Policy":         "camera=(self), microphone=(self), display-capture=(self)",
			"Cross-Origin-Opener-Policy": "same-origin",
			"Content-Security-Policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; " +
				"media-src 'self' blob:; connect-src 'self' ws://example.org:8080 wss://example.org:8080; " +
				"base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", target, name, got, want)
			}
		}
	}
}

func TestHostCannotInjectIntoThePolicy(t *testing.T) {
	for host, want := range map[string]string{
		"localhost:8080":           "connect-src 'self' ws://localhost:8080 wss://localhost:8080;",
		"192.168.1.7":              "connect-src 'self' ws://192.168.1.7 wss://192.168.1.7;",
		"my_box.lan:80":            "connect-src 'self' ws://my_box.lan:80 wss://my_box.lan:80;",
		"[::1]:8080":               "connect-src 'self';",
		"a; script-src *":          "connect-src 'self';",
		"a *":                      "connect-src 'self';",
		"*":                        "connect-src 'self';",
		"a\r\nSet-Cookie: x":       "connect-src 'self';",
		"a:123456":                 "connect-src 'self';",
		"":                         "connect-src 'self';",
		strings.Repeat("a", 1_000): "connect-src 'self';",
	} {
		if got := contentPolicy(host); !strings.Contains(got, want) {
			t.Errorf("host %q: %s", host, got)
		}
	}
}

func TestPageHasNothingInline(t *testing.T) {
	for _, target := range []string{"/", "/polite", "/impolite", "/r/x", "/demo", "/demo/both-polite", "/demo/both-impolite", "/nowhere"} {
		page := body(t, do(built(t), "GET", target))
		for _, refused := range []string{" style=", " onclick=", "<style", "http://", "https://"} {
			page := strings.ReplaceAll(page, "http://www.w3.org/2000/svg", "")
			if strings.Contains(page, refused) {
				t.Errorf("%s has %q, which the content policy refuses", target, refused)
			}
		}
	}
}

func TestPageNamesTheProgram(t *testing.T) {
	page := body(t, do(built(t), "GET", "/polite"))
	for _, want := range []string{
		`data-wasm="` + wasmPath + `"`,
		`data-wasm-size="1608"`,
		`data-source="c0ffee"`,
		`<script src="./dist/wasm_exec.js" defer>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in:\n%s", want, page)
		}
	}
}

func TestUnbuiltPageNamesNoProgram(t *testing.T) {
	for name, names := range map[string][]string{
		"empty":              {".gitkeep"},
		"no loader":          {"app.0123456789abcdef.wasm"},
		"two programs":       {"app.0123456789abcdef.wasm", "app.fedcba9876543210.wasm", "wasm_exec.js"},
		"only a compression": {"app.0123456789abcdef.wasm.br", "wasm_exec.js"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHandler(dist(t, names...), "c0ffee")
			for _, target := range []string{"/", "/polite", "/r/x"} {
				r := do(h, "GET", target)
				page := body(t, r)
				if r.StatusCode != 200 || !strings.Contains(page, `data-wasm="" data-wasm-size="0"`) || strings.Contains(page, "wasm_exec") {
					t.Errorf("%s: %d\n%s", target, r.StatusCode, page)
				}
			}
			if r := do(h, "GET", wasmPath); r.StatusCode != 404 {
				t.Errorf("the WASM is served with %d", r.StatusCode)
			}
		})
	}
}

func TestEmbeddedPage(t *testing.T) {
	h := Handler("c0ffee")
	for _, target := range []string{"/", "/polite", "/impolite", "/r/x", "/style.css", "/boot.js", "/favicon.svg"} {
		if r := do(h, "GET", target); r.StatusCode != 200 {
			t.Errorf("%s: %d", target, r.StatusCode)
		}
	}
	program := findProgram(files)
	if !program.built() {
		return
	}
	r := do(h, "GET", program.path())
	if got := body(t, r); r.StatusCode != 200 || int64(len(got)) != program.size || !strings.HasPrefix(got, "\x00asm") {
		t.Errorf("%s: %d, %d bytes", program.path(), r.StatusCode, len(got))
	}
}

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
	for _, target := range []string{"/style.css", "/boot.js", "/inspector/main.js"} {
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
	fast := newHandler(dist(t, name, name+".gz", "wasm_exec.js"), "")
	raw := newHandler(dist(t, name, "wasm_exec.js"), "")
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

// Without JavaScript the page says what it needs.
func TestWithoutJavaScript(t *testing.T) {
	h := built(t)
	for _, path := range []string{"/", "/demo", "/polite", "/r/room"} {
		if page := body(t, do(h, "GET", path)); !strings.Contains(page, "<noscript><p class=\"notice\">This page needs JavaScript and WebAssembly") {
			t.Errorf("%s does not say so", path)
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
	h := newHandler(fsys, "c0ffee")
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
	if h := newHandler(fsys, "c0ffee"); !strings.Contains(get(h, "/boot.js", "identity"), "use strict") || do(h, "GET", "/inspector/chunk.js").StatusCode != http.StatusNotFound {
		t.Error("what was packed of other sources is served")
	}
}
