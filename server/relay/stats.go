package relay

// Stats has the counts of a relay at one moment.
type Stats struct {
	Connections int // open WebSockets, also those that are being closed
	Rooms       int
	QueueFrames int // that wait to be written, to all clients
	QueueBytes  int // of these frames
}

// Stats returns the current counts. It looks at every connection.
func (r *Relay) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := Stats{Connections: len(r.conns), Rooms: len(r.rooms)}
	for c := range r.conns {
		frames, bytes := c.queue.size()
		s.QueueFrames += frames
		s.QueueBytes += bytes
	}
	return s
}
