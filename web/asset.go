package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"time"

	"perfect-negotiation/web/packed"
)

const htmlType = "text/html; charset=utf-8"

// contentTypes are those of the files that are served, by extension.
var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".mjs": "text/javascript; charset=utf-8", // of the client for pages elsewhere
	".mts": "application/typescript; charset=utf-8",
	".svg": "image/svg+xml",
}

// assets returns the small files that are served, by their paths. Those that a release
// build has packed replace their sources, and come with a few that have none.
func assets(fsys fs.FS) map[string]asset {
	found := map[string]asset{}
	add := func(from fs.FS, name string) {
		if body, err := fs.ReadFile(from, name); err == nil {
			brotli, _ := fs.ReadFile(from, name+".br") // without it, there is gzip
			file := newAsset(contentTypes[path.Ext(name)], body, brotli)
			file.open = slices.Contains(packed.Unchanged, name)
			found[name] = file
		}
	}
	all := func(from fs.FS, root string) {
		_ = fs.WalkDir(from, root, func(name string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && contentTypes[path.Ext(name)] != "" {
				add(from, name)
			}
			return nil
		})
	}
	for _, name := range slices.Concat(packed.Unchanged, []string{"style.css", "home.css", "boot.js", "log.js", "favicon.svg", "dist/wasm_exec.js"}) {
		add(fsys, name)
	}
	all(fsys, "inspector")
	if small := packed.Find(fsys); small != nil {
		all(small, ".")
	}
	return found
}

// asset is a small file that is revalidated at every use.
type asset struct {
	contentType string
	body        []byte
	brotli      []byte // the same, compressed; nil: there is none
	gzip        []byte
	open        bool // pages of any origin may import it
}

// newAsset returns an asset that is served compressed to those who want that.
func newAsset(contentType string, body, brotli []byte) asset {
	a := asset{contentType: contentType, body: body, brotli: brotli}
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // a level that there is
	_, _ = w.Write(body)                                  // a Buffer takes all
	_ = w.Close()
	if b.Len() < len(body) {
		a.gzip = b.Bytes()
	}
	return a
}

func (a asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h, body := w.Header(), a.body
	var codings []string
	if a.brotli != nil {
		codings = append(codings, "br")
	}
	if a.gzip != nil {
		codings = append(codings, "gzip")
	}
	if codings != nil {
		h.Set("Vary", "Accept-Encoding")
	}
	switch coding := negotiate(r.Header.Values("Accept-Encoding"), codings); coding {
	case "br":
		h.Set("Content-Encoding", coding)
		body = a.brotli
	case "gzip":
		h.Set("Content-Encoding", coding)
		body = a.gzip
	}
	if a.open {
		h.Set("Access-Control-Allow-Origin", "*")
	}
	sum := sha256.Sum256(body)
	h.Set("Content-Type", a.contentType)
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}
