// Command wasm is the program of the page: it joins the room as a peer, with
// package peer, and shows on the page what the trace tells. All negotiation
// happens in there; this is only the page's glue.
package main

import (
	"context"
	"fmt"
	"os"
)

func main() {
	if err := start(); err != nil {
		// The console has the details; boot.js tells the reader that we stopped.
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	select {}
}

func start() error {
	d, err := openDocument()
	if err != nil {
		return err
	}
	page, err := newPage(d)
	if err != nil {
		return err
	}
	return page.join(context.Background())
}
