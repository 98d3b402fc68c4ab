package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

const peerJSVersion = "1.0.2"

// addPeerJS installs PeerJS's server into a folder, if npm is here and finds it; else it
// says that this one is not measured.
func (b *bench) addPeerJS(ctx context.Context, dir string) error {
	installing, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	npm := exec.CommandContext(installing, "npm", "install", "--prefix", dir, "--ignore-scripts", "--no-audit", "--no-fund", "peer@"+peerJSVersion)
	npm.WaitDelay = time.Second
	if err := npm.Run(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		fmt.Fprintf(os.Stderr, "PeerJS's server is not measured, because npm cannot install it: %v\n", err)
		return nil
	}
	program := filepath.Join(dir, "node_modules", "peer", "dist", "bin", "peerjs.js")
	b.peer = &kind{"PeerJS", peerJS, func(addr, _ string) []string {
		host, port, _ := net.SplitHostPort(addr) // of our own making
		return []string{"node", program, "--host", host, "--port", port, "--concurrent_limit", "30000", "--alive_timeout", "600000"}
	}}
	return nil
}
