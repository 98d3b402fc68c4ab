// Package packed is the page's scripts and styles as a release build packs them: bundled,
// and without what only their readers need. They lie in dist/packed, by the names of what
// they stand for, with a compressed sibling (.br) each.
package packed

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"path"
	"strings"
)

// Dir is where they lie, in the directory web.
const Dir = "dist/packed"

// sumFile has the sum of what was packed.
const sumFile = "sum"

// What is loaded by name: at the start of a peer's page, and by other pages or later.
// Modules that they import come with them.
var (
	AtStart = []string{"boot.js", "log.js", "style.css", "inspector/main.js", "inspector/ladder.css"}
	Others  = []string{"home.css", "inspector/panels.css"}
)

// Unchanged is the client in JavaScript, for people to read and to take: it is only
// compressed.
var Unchanged = []string{
	"client.mjs", "client.d.mts",
	"client/link.mjs", "client/negotiation.mjs", "client/relay.mjs", "client/timer.mjs",
}

// Sum is a hash of all sources that are packed, which lie in the directory web.
func Sum(web fs.FS) (string, error) {
	sum := sha256.New()
	add := func(name string) error {
		content, err := fs.ReadFile(web, name)
		for _, b := range [][]byte{[]byte(name), content} {
			_, _ = sum.Write(append(b, 0))
		}
		return err
	}
	for _, name := range append([]string{"boot.js", "log.js", "style.css", "home.css"}, Unchanged...) {
		if err := add(name); err != nil {
			return "", err
		}
	}
	err := fs.WalkDir(web, "inspector", func(name string, entry fs.DirEntry, err error) error {
		if ext := path.Ext(name); err != nil || entry.IsDir() || ext != ".js" && ext != ".css" {
			return err
		}
		return add(name)
	})
	return hex.EncodeToString(sum.Sum(nil)[:16]), err
}

// Find returns the packed files by name, without Dir, if they were made of the sources
// that web has; else nil.
func Find(web fs.FS) fs.FS {
	of, err := fs.ReadFile(web, path.Join(Dir, sumFile))
	if err != nil {
		return nil
	}
	if sum, err := Sum(web); err != nil || strings.TrimSpace(string(of)) != sum {
		return nil
	}
	found, err := fs.Sub(web, Dir)
	if err != nil {
		return nil
	}
	return found
}
