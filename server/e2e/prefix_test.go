package e2e

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
)

// TestUnderAPath has page and relay behind a reverse proxy that serves them as /app/.
func TestUnderAPath(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	target, err := url.Parse(w.url)
	if err != nil {
		t.Fatal(err)
	}
	behind := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
	}}
	front := http.NewServeMux()
	front.Handle("/app/", http.StripPrefix("/app", behind))
	outside := httptest.NewServer(front)
	t.Cleanup(outside.Close)
	app := worldAt(t, outside.URL+"/app")

	b := app.tab("/polite")
	n := app.native(demoRoom, "impolite", true)
	awaitChannels(t, 1, b, n)
	n.say("through the proxy")
	await(t, "the line is there", func() bool { return strings.Contains(b.log(), "through the proxy") }, b, n)
	if link := b.text(`document.querySelector("#share").value`); link != app.url+"/impolite" {
		t.Errorf("the link to share is %s", link)
	}
	var outsiders []string
	b.eval(`performance.getEntriesByType("resource").map((e) => e.name)`, &outsiders)
	for _, name := range outsiders {
		if !strings.HasPrefix(name, app.url+"/") {
			t.Errorf("the page loaded %s", name)
		}
	}

	// A deeper page, and the way back.
	b.url = app.url + "/r/a%2Fb"
	b.open()
	if link := b.text(`document.querySelector("#share").value`); link != b.url {
		t.Errorf("the link to the room is %s", link)
	}
	if home := b.text(`document.querySelector("a.brand").href`); home != app.url+"/" {
		t.Errorf("the landing page is at %s", home)
	}
	nothingSurfaced(t, n)
}
