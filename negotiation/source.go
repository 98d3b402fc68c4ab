package negotiation

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"sync"
)

// core is the source that decides: every file of this package that has no
// build tag, so the same in every program.
//
//go:embed attach.go candidates.go check.go doc.go edit.go held.go hint.go message.go negotiation.go role.go sdp.go session.go source.go text.go trace.go
var core embed.FS

// Source returns a SHA-256, in hexadecimal, over the package's untagged Go
// sources. Two programs with the same Source run identical negotiation logic,
// whatever they are compiled for.
var Source = sync.OnceValue(func() string {
	files, err := core.ReadDir(".")
	if err != nil {
		return ""
	}
	sum := sha256.New()
	for _, f := range files {
		text, err := core.ReadFile(f.Name())
		if err != nil {
			return ""
		}
		sum.Write([]byte(f.Name() + "\n"))
		sum.Write(text)
	}
	return hex.EncodeToString(sum.Sum(nil))
})
