package relay

// Above half of its bound a queue fills only as fast as its reader was promised: each
// byte that goes there costs its sender as much as tollFactor bytes elsewhere, up to
// tollSeconds of what it may send.
const (
	tollFactor  = 64
	tollSeconds = 2
)

// toll returns what a sender pays on top for a frame that is put into a queue that
// holds waiting of at most limit bytes, the frame included. Seven peers that send
// messages of up to 4 KB as fast as they may need more than 5 s to fill the other half
// of the default queue: for so long a member of a full room may pause.
func toll(size, waiting, limit, perSecond int) int {
	if waiting <= limit/2 {
		return 0
	}
	return min((tollFactor-1)*(size+messageCost), tollSeconds*perSecond)
}
