//go:build !js

package signaling

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/internal/trust"
	"perfect-negotiation/negotiation/signaling/wire"
)

const writeTimeout = 10 * time.Second

type nativeConn struct{ ws *websocket.Conn }

func dial(ctx context.Context, url string, protocols []string, ca []byte) (conn, error) {
	trusted, err := trust.Pool(ca)
	if err != nil {
		return nil, err
	}
	stop := func() bool { return true }
	dialer := websocket.Dialer{
		Proxy:           http.ProxyFromEnvironment,
		Subprotocols:    protocols,
		TLSClientConfig: &tls.Config{RootCAs: trusted},
		// websocket obeys ctx only until the network connection is made.
		NetDialContext: func(dialing context.Context, network, address string) (net.Conn, error) {
			connection, err := new(net.Dialer).DialContext(dialing, network, address)
			if err == nil {
				stop = context.AfterFunc(ctx, func() { _ = connection.Close() })
			}
			return connection, err
		},
	}
	ws, response, err := dialer.DialContext(ctx, url, nil)
	if !stop() && err == nil {
		return nil, ctx.Err()
	}
	if err != nil {
		if response != nil {
			defer response.Body.Close()
			body, _ := io.ReadAll(io.LimitReader(response.Body, 200))
			if refused := refusedBefore(response.StatusCode, response.Header.Get("Retry-After"), string(body)); refused != nil {
				return nil, refused
			}
			return nil, fmt.Errorf("the relay at %s answers %s: %s", url, response.Status, body)
		}
		return nil, fmt.Errorf("the relay cannot be reached: %w", err)
	}
	// The relay adds "from" to a frame that may already be of MaxFrame.
	ws.SetReadLimit(2 * wire.MaxFrame)
	return nativeConn{ws}, nil
}

func (c nativeConn) read() ([]byte, error) {
	_, frame, err := c.ws.ReadMessage()
	return frame, err
}

func (c nativeConn) write(frame []byte) error {
	_ = c.ws.SetWriteDeadline(time.Now().Add(writeTimeout))
	return c.ws.WriteMessage(websocket.TextMessage, frame)
}

func (c nativeConn) close() {
	goodbye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	_ = c.ws.WriteControl(websocket.CloseMessage, goodbye, time.Now().Add(time.Second))
	_ = c.ws.Close()
}
