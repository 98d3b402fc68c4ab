package web

import "bytes"

// slim returns a script or a style sheet without what only its readers need: comments on
// lines of their own, and indentation. No text in it may go over several lines.
func slim(body []byte) []byte {
	var b bytes.Buffer
	comment := false
	for line := range bytes.Lines(body) {
		line = bytes.TrimSpace(line)
		end := bytes.Index(line, []byte("*/"))
		switch {
		case comment:
			comment = end < 0
		case bytes.HasPrefix(line, []byte("/*")) && (end < 0 || end == len(line)-2):
			comment = end < 0
		case len(line) == 0, bytes.HasPrefix(line, []byte("//")):
		default:
			b.Write(line)
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}
