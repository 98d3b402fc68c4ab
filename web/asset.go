package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"
)

const htmlType = "text/html; charset=utf-8"

// contentTypes are those of the files that are served, by extension.
var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

// asset is a small file that is revalidated at every use.
type asset struct {
	contentType string
	body        []byte
	gzip        []byte // the same, compressed; nil: it is only served as it is
}

// newAsset returns an asset that is served compressed to those who want that.
func newAsset(contentType string, body []byte) asset {
	a := asset{contentType: contentType, body: body}
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
	if a.gzip != nil {
		h.Set("Vary", "Accept-Encoding")
		if negotiate(r.Header.Values("Accept-Encoding"), []string{"gzip"}) == "gzip" {
			h.Set("Content-Encoding", "gzip")
			body = a.gzip
		}
	}
	sum := sha256.Sum256(body)
	h.Set("Content-Type", a.contentType)
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}
