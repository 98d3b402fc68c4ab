package peer

import (
	"github.com/hack-pad/safejs"
	"github.com/pion/webrtc/v4"
)

// configure has a connection use other ICE servers.
func configure(pc *webrtc.PeerConnection, list iceServers) error {
	servers := make([]any, len(list))
	for i, s := range list {
		urls := make([]any, len(s.URLs))
		for j, url := range s.URLs {
			urls[j] = url
		}
		server := map[string]any{"urls": urls}
		if s.Username != "" {
			server["username"], server["credential"] = s.Username, s.Credential
		}
		servers[i] = server
	}
	value, err := safejs.ValueOf(servers)
	if err != nil {
		return err
	}
	js := safejs.Safe(pc.JSValue())
	configuration, err := js.Call("getConfiguration")
	if err != nil {
		return err
	}
	if err := configuration.Set("iceServers", value); err != nil {
		return err
	}
	_, err = js.Call("setConfiguration", configuration)
	return err
}
