package reads

import "github.com/pion/webrtc/v4"

// End does nothing: a browser ends reads itself.
func End(*webrtc.PeerConnection) {}
