package web

import (
	"strings"
	"testing"
)

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
			h := newHandler(dist(t, names...), Config{Source: "c0ffee"})
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
	h := Handler(Config{Source: "c0ffee"})
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

// Without JavaScript the page says what it needs.
func TestWithoutJavaScript(t *testing.T) {
	h := built(t)
	for _, path := range []string{"/", "/demo", "/polite", "/r/room"} {
		if page := body(t, do(h, "GET", path)); !strings.Contains(page, "<noscript><p class=\"notice\">This page needs JavaScript and WebAssembly") {
			t.Errorf("%s does not say so", path)
		}
	}
}
