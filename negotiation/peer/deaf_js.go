package peer

// watchData does nothing: a browser closes channels whose transport has ended.
func (p *pairing) watchData() {}
