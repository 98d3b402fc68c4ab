package peer

import (
	"strings"

	"github.com/hack-pad/safejs"
)

// platformRank returns the rank of the browser.
func platformRank() int {
	switch agent := userAgent(); {
	case strings.Contains(agent, "Firefox/"):
		return RankFirefox
	case strings.Contains(agent, "Chrome/"), strings.Contains(agent, "Chromium/"):
		return RankChromium
	}
	return RankBrowser
}

func userAgent() string {
	navigator, err := safejs.Global().Get("navigator")
	if err != nil {
		return ""
	}
	agent, err := navigator.Get("userAgent")
	if err != nil {
		return ""
	}
	text, _ := agent.String()
	return text
}
