package main

import (
	"strings"

	"perfect-negotiation/negotiation/peer"
)

// rank tells what kind of browser this is, for the choice of the polite peer.
func rank() int {
	navigator, err := global("navigator")
	if err != nil {
		return peer.RankBrowser
	}
	switch agent := text(navigator, "userAgent"); {
	case strings.Contains(agent, "Firefox/"):
		return peer.RankFirefox
	case strings.Contains(agent, "Chrome/"), strings.Contains(agent, "Chromium/"):
		return peer.RankChromium
	}
	return peer.RankBrowser
}

// origin is where the page came from, and so where the relay is.
func origin() string {
	location, err := global("location")
	if err != nil {
		return ""
	}
	return text(location, "origin")
}

// verbose tells whether the page was asked for with ?verbose, whatever its value.
func verbose() bool {
	location, err := global("location")
	if err != nil {
		return false
	}
	class, err := global("URLSearchParams")
	if err != nil {
		return false
	}
	query, err := class.New(text(location, "search"))
	if err != nil {
		return false
	}
	has, err := query.Call("has", "verbose")
	return err == nil && truth(has)
}

func reload(element) {
	if location, err := global("location"); err == nil {
		_, _ = location.Call("reload")
	}
}
