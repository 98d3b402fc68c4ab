package web

import (
	"io"
	"io/fs"
	"net/http"
	"strings"
	"time"
)

// program is the WASM in dist, app.<hash>.wasm, with its compressed siblings.
// Its name changes with its content, so a cache may keep it forever.
type program struct {
	fsys      fs.FS
	name      string   // without dist/; empty: not built
	size      int64    // bytes, uncompressed
	encodings []string // content codings that it can be served in, the preferred first
}

// findProgram returns the program in dist, if there is exactly one.
func findProgram(fsys fs.FS) program {
	none := program{}
	names, err := fs.Glob(fsys, "dist/app.*.wasm")
	if err != nil || len(names) != 1 {
		return none
	}
	info, err := fs.Stat(fsys, names[0])
	if err != nil {
		return none
	}
	if _, err := fs.Stat(fsys, "dist/wasm_exec.js"); err != nil {
		return none
	}
	p := program{fsys: fsys, name: strings.TrimPrefix(names[0], "dist/"), size: info.Size()}
	for _, encoding := range []string{"br", "gzip", identity} {
		if _, err := fs.Stat(fsys, p.file(encoding)); err == nil {
			p.encodings = append(p.encodings, encoding)
		}
	}
	return p
}

func (p program) built() bool  { return p.name != "" }
func (p program) path() string { return "/dist/" + p.name }

func (p program) file(encoding string) string {
	suffix := map[string]string{"br": ".br", "gzip": ".gz"}[encoding]
	return "dist/" + p.name + suffix
}

func (p program) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	encoding := negotiate(r.Header.Values("Accept-Encoding"), p.encodings)
	file, err := p.fsys.Open(p.file(encoding))
	if err != nil {
		http.Error(w, "The program cannot be read.", http.StatusInternalServerError)
		return
	}
	defer file.Close()
	content, ok := file.(io.ReadSeeker)
	if !ok {
		http.Error(w, "The program cannot be read.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/wasm")
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	h.Set("ETag", `"`+p.name+"-"+encoding+`"`)
	if encoding != identity {
		h.Set("Content-Encoding", encoding)
	}
	http.ServeContent(w, r, "", time.Time{}, content)
}
