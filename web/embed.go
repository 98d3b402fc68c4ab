// Package web is the page: one static document for the landing page and the peers,
// and the [http.Handler] that serves it with the WASM that web/build leaves in dist.
package web

import "embed"

//go:embed index.html demo.html trouble.html style.css home.css boot.js log.js favicon.svg client.mjs client.d.mts client inspector all:dist
var files embed.FS
