// Package sse is an example of a [signaling.Transport]: HTTP with server-sent events one
// way and POST the other, with nothing but net/http. The client is the same file natively
// and in a browser, where net/http uses fetch.
//
//	http.ListenAndServe("localhost:8080", &sse.Server{})
//
//	p, err := peer.Join(ctx, peer.Config{
//		Options: signaling.Options{Server: "http://localhost:8080", Room: "lobby"},
//		Dial:    sse.Dial,
//	})
//
// What is posted while the events are interrupted is lost, which package link makes up
// for. Where proxies are in between, they must pass events on at once.
package sse
