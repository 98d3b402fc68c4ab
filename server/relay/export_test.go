package relay

// Freeze has the sweeper stand still until the function that it returns is called.
func (r *Relay) Freeze() (thaw func()) {
	r.mu.Lock()
	return r.mu.Unlock
}

// QueuedBytes returns what waits to be written to all clients.
func (r *Relay) QueuedBytes() int64 { return r.backlog.bytes.Load() }

// Addresses returns how many addresses the relay remembers.
func (r *Relay) Addresses() int {
	r.accounts.mu.Lock()
	defer r.accounts.mu.Unlock()
	return len(r.accounts.of)
}
