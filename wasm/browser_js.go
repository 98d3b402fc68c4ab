package main

import (
	"strings"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/signaling"
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

// key returns the secret identity of this tab on this page. It lives as long as
// the tab, so a reload takes the place of what was there before.
func key() string {
	location, err := global("location")
	if err != nil {
		return signaling.NewKey()
	}
	name := "key " + text(location, "pathname")
	storage, err := global("sessionStorage") // throws where storage is forbidden
	if err != nil {
		return signaling.NewKey()
	}
	if v, err := storage.Call("getItem", name); err == nil && !v.IsNull() {
		if k, err := v.String(); err == nil {
			return k
		}
	}
	k := signaling.NewKey()
	_, _ = storage.Call("setItem", name, k)
	return k
}

// origin is where the page came from, and so where the relay is.
func origin() string {
	location, err := global("location")
	if err != nil {
		return ""
	}
	return text(location, "origin")
}

func reload(element) {
	if location, err := global("location"); err == nil {
		_, _ = location.Call("reload")
	}
}
