package relay

import "net"

// sendBuffer is how much the kernel keeps for a client that does not read, in bytes;
// Linux takes twice as much. Left alone it would grow to megabytes.
const sendBuffer = 64 << 10

// boundSendBuffer bounds the kernel's send buffer of a connection. What is no TCP
// connection, nor made of one, stays as it is.
func boundSendBuffer(c net.Conn) {
	for {
		switch outer := c.(type) {
		case interface{ SetWriteBuffer(int) error }:
			_ = outer.SetWriteBuffer(sendBuffer) // fails only if closed
			return
		case interface{ NetConn() net.Conn }: // TLS
			c = outer.NetConn()
		case interface{ Raw() net.Conn }: // the PROXY protocol
			c = outer.Raw()
		default:
			return
		}
	}
}
