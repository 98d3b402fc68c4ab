// Command rivals has the servers beside which make bench-relay measures the relay, none of
// which is part of the product:
//
//	rivals floor ADDRESS
//	rivals usual ADDRESS
//	rivals sink ADDRESS
//
// Clients talk to them as to the relay, at /ws?room=NAME. They run until they are ended.
package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	servers := map[string]http.Handler{
		"floor": newFloor(),
		"usual": newUsual(),
		"sink":  http.HandlerFunc(sink),
	}
	if len(os.Args) != 3 || servers[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: rivals floor|usual|sink ADDRESS")
		os.Exit(2)
	}
	fmt.Fprintln(os.Stderr, "rivals:", http.ListenAndServe(os.Args[2], servers[os.Args[1]]))
	os.Exit(1)
}
