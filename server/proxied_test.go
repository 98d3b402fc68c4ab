package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"

	"github.com/gorilla/websocket"

	"perfect-negotiation/server/relay"
	"perfect-negotiation/server/site"
)

// Who comes through a proxy is counted by the address that it tells, and who does not is
// refused.
func TestProxyProtocol(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := relay.New(relay.Config{ConnectionsPerAddress: 1})
	server := newServer(site.Handler(r), slog.New(slog.DiscardHandler))
	ended := make(chan error)
	go func() { ended <- server.Serve(requireProxy(listener)) }()
	defer func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = r.Shutdown(ctx)
		_ = server.Close()
		<-ended
	}()

	dial := func(header string) (*websocket.Conn, *http.Response, error) {
		dialer := websocket.Dialer{NetDial: func(network, address string) (net.Conn, error) {
			c, err := net.Dial(network, address)
			if err == nil {
				_, err = io.WriteString(c, header)
			}
			return c, err
		}}
		return dialer.Dial(fmt.Sprintf("ws://%s/ws?room=r", listener.Addr()), nil)
	}
	of := func(client string) string { return "PROXY TCP4 " + client + " 127.0.0.1 5000 80\r\n" }
	for _, client := range []string{"192.0.2.1", "192.0.2.2"} {
		ws, response, err := dial(of(client))
		if err != nil {
			t.Fatalf("%s: %v, %+v", client, err, response)
		}
		defer ws.Close()
		if _, _, err := ws.ReadMessage(); err != nil {
			t.Fatal(err)
		}
	}
	if ws, response, err := dial(of("192.0.2.1")); err == nil || response == nil || response.StatusCode != http.StatusTooManyRequests {
		t.Errorf("a second connection of a client: %v, %v, %+v", ws, err, response)
	}
	if ws, response, err := dial(""); err == nil || response != nil {
		t.Errorf("without the header: %v, %v, %+v", ws, err, response)
	}

	// A load balancer that asks on its own account.
	c, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "PROXY UNKNOWN\r\nGET /readyz HTTP/1.0\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("/readyz: %s", response.Status)
	}
}
