package cluster_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"

	serving "perfect-negotiation/server/cluster"
	"perfect-negotiation/server/relay"
)

// serveProcess is a node in a process of its own, until its standard input ends. It
// prints where it serves.
func serveProcess(url string) {
	n, err := serving.Connect(context.Background(), serving.Config{URLs: []string{url}, Name: "process", Secret: []byte("secret")})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	r := relay.New(relay.Config{Cluster: n})
	if err := n.Serve(r); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	s := httptest.NewServer(r)
	fmt.Println(s.URL)
	_, _ = io.Copy(io.Discard, os.Stdin)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = r.Shutdown(ctx)
	s.Close()
}

// process starts a node in a process of its own.
func (b *broker) process() (*node, *os.Process) {
	b.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "CLUSTER_NODE="+b.ClientURL())
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			b.t.Errorf("the process: %v", err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.t.Fatal(err)
	}
	return &node{t: b.t, name: "process", http: &httptest.Server{URL: strings.TrimSpace(line)}}, cmd.Process
}
