//go:build !js

package negotiation

import (
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

// chromiumExtensions are the header extensions of Chromium (156) in the order of the ids
// that they have where video is offered first. There is no other one-byte id (RFC 8285
// section 4.2).
var chromiumExtensions = [14]string{
	"urn:ietf:params:rtp-hdrext:toffset",
	"http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
	"urn:3gpp:video-orientation",
	sdp.TransportCCURI,
	"http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
	"http://www.webrtc.org/experiments/rtp-hdrext/video-content-type",
	"http://www.webrtc.org/experiments/rtp-hdrext/video-timing",
	"http://www.webrtc.org/experiments/rtp-hdrext/color-space",
	sdp.SDESMidURI,
	sdp.SDESRTPStreamIDURI,
	sdp.SDESRepairRTPStreamIDURI,
	"https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension",
	"http://www.webrtc.org/experiments/rtp-hdrext/video-layers-allocation00",
	"urn:ietf:params:rtp-hdrext:ssrc-audio-level",
}

// NumberExtensions has media assign ids to header extensions that mean nothing else to a
// Chromium that has rolled back an offer of its own. It keeps the ids of that offer, whose
// order depends on whether audio or video came first, and an id of ours with another
// meaning keeps it from making its next offer ("codec collision for header extension").
//
// Call it before anything else registers header extensions, such as
// [webrtc.RegisterDefaultInterceptors]. It registers MID (RFC 9143) for audio, which is
// needed for that, and no other. An extension that Chromium does not have gets no id, and
// is used only if the other side offers it.
func NumberExtensions(media *webrtc.MediaEngine) error {
	for _, uri := range chromiumExtensions {
		// Without a kind it is not offered. pion assigns ids in this order.
		if err := media.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uri}, webrtc.RTPCodecTypeUnknown); err != nil {
			return err
		}
	}
	return media.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: sdp.SDESMidURI}, webrtc.RTPCodecTypeAudio)
}
