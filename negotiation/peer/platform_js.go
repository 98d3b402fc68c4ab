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

func userAgent() string { return property("navigator", "userAgent") }

// platformServer returns the origin of the page, or of the page that began this worker.
func platformServer() string { return property("location", "origin") }

// property returns the text of a property of a global object; empty: there is none.
func property(object, name string) string {
	value, err := safejs.Global().Get(object)
	if err != nil || value.Type() != safejs.TypeObject {
		return ""
	}
	return textOf(value, name)
}
