package signaling

import (
	"context"
	"strings"
	"testing"

	"perfect-negotiation/negotiation/signaling/wire"
)

func TestAddress(t *testing.T) {
	for server, want := range map[string]string{
		"http://localhost:8080":      "ws://localhost:8080/ws?room=a+room&rank=3&protocol=1&role=polite",
		"https://example.org/relay/": "wss://example.org/relay/ws?room=a+room&rank=3&protocol=1&role=polite",
		"ws://[::1]:80":              "ws://[::1]:80/ws?room=a+room&rank=3&protocol=1&role=polite",
		"wss://example.org":          "wss://example.org/ws?room=a+room&rank=3&protocol=1&role=polite",
	} {
		got, err := Options{Server: server, Room: "a room", Role: wire.Polite, Rank: new(3)}.address()
		if got != want || err != nil {
			t.Errorf("%q: %q, %v, want %q", server, got, err, want)
		}
	}
}

// 128 bits do not come twice.
func TestNewKey(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		key := NewKey()
		if !wire.ValidKey(key) || len(key) != 22 || seen[key] {
			t.Errorf("%q is no new key of 128 bits", key)
		}
		seen[key] = true
	}
}

// Options that can never work are refused at once, with an error that names the
// culprit. Values at the limits are accepted.
func TestOptions(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*Options)
		says   string // empty: they can work
	}{
		"they can work":       {func(*Options) {}, ""},
		"at the lower limits": {func(o *Options) { o.Room, o.Rank, o.Key = "r", new(0), strings.Repeat("k", 22) }, ""},
		"at the upper limits": {func(o *Options) { o.Room, o.Rank, o.Key = strings.Repeat("é", 64), new(1000), strings.Repeat("_", 64) }, ""},
		"a new key":           {func(o *Options) { o.Key = NewKey() }, ""},
		"a ticket":            {func(o *Options) { o.Ticket = "a.b.c" }, ""},
		"the last port":       {func(o *Options) { o.Server = "http://127.0.0.1:65535" }, ""},

		"no ticket":            {func(o *Options) { o.Ticket = "a b" }, "the ticket"},
		"no server":            {func(o *Options) { o.Server = "" }, "server"},
		"a server, no scheme":  {func(o *Options) { o.Server = "localhost:8080" }, "http://localhost:8080"},
		"another scheme":       {func(o *Options) { o.Server = "ftp://example.org" }, "http://localhost:8080"},
		"no host":              {func(o *Options) { o.Server = "http://" }, "host"},
		"a query":              {func(o *Options) { o.Server = "http://example.org/?x=y" }, "host"},
		"a password":           {func(o *Options) { o.Server = "http://user:secret@example.org" }, "password"},
		"a password and more":  {func(o *Options) { o.Server = "ftp://user:secret@example.org" }, "http://localhost:8080"},
		"a password, no port":  {func(o *Options) { o.Server = "http://user:secret@example.org:x" }, "port"},
		"a port too high":      {func(o *Options) { o.Server = "http://localhost:99999" }, "port 99999"},
		"a control character":  {func(o *Options) { o.Server = "http://localhost\n" }, "control character"},
		"a space":              {func(o *Options) { o.Server = "http://local host" }, "host"},
		"no room":              {func(o *Options) { o.Room = "" }, "room"},
		"a room of spaces":     {func(o *Options) { o.Room = " \u00a0 " }, "room"},
		"a room of 65":         {func(o *Options) { o.Room = strings.Repeat("é", 65) }, "64"},
		"a room of two lines":  {func(o *Options) { o.Room = "r\nr" }, "control character"},
		"a room not of UTF-8":  {func(o *Options) { o.Room = "r\xff" }, "room"},
		"another role":         {func(o *Options) { o.Role = "rude" }, "polite"},
		"a rank too low":       {func(o *Options) { o.Rank = new(-1) }, "1000"},
		"a rank too high":      {func(o *Options) { o.Rank = new(1001) }, "1000"},
		"a key too short":      {func(o *Options) { o.Key = strings.Repeat("k", 21) }, "key"},
		"a key too long":       {func(o *Options) { o.Key = strings.Repeat("k", 65) }, "key"},
		"a key of other signs": {func(o *Options) { o.Key = strings.Repeat("secret", 4) + "\r" + strings.Repeat("k", 9) }, "key"},
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{Server: "http://127.0.0.1:1", Room: "room", Role: wire.Polite, Rank: new(3)}
			row.change(&o)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			c, err := Connect(ctx, o, Handler{})
			if c != nil {
				<-c.Done()
			}
			if (err == nil) != (row.says == "") {
				t.Fatalf("the error is %v", err)
			}
			if err != nil && (!strings.Contains(err.Error(), row.says) || strings.Contains(err.Error(), "secret")) {
				t.Errorf("it says %q", err)
			}
		})
	}
}
