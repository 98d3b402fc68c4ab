package cluster

const SteadyTime = steadyTime

// Copies has each packet published as often as f says. To be called before Serve.
func (n *Node) Copies(f func() int) { n.copies = func(packet) int { return f() } }

// Kill ends a node as if its process had died: nobody is told, and claims and lease stay.
func (n *Node) Kill() {
	n.ending.Do(func() {
		n.claims.close()
		close(n.stop)
		n.nats.Close()
		n.running.Wait()
	})
}

// ID returns the name and instance of a node.
func (n *Node) ID() string { return n.id }
