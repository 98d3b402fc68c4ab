// Package transporttest tests that a [signaling.Transport] keeps its promises, and that
// an application with signalling of its own survives glare.
//
// Whoever writes a transport tests it with [TestTransport]:
//
//	func TestMine(t *testing.T) {
//		err := transporttest.TestTransport(func() signaling.Dialer { return mine.Dialer(url) })
//		if err != nil {
//			t.Fatal(err)
//		}
//	}
//
// Whoever has signalling already, over package negotiation or without it, tests the
// whole program with [TestApplication], which natively makes its offers cross.
package transporttest
