package sdp

import (
	"slices"
	"strings"
)

// lines are the lines of the session level or of a media section, each with its line
// ending.
type lines []string

// cut cuts l before the first m= line from l[from] on.
func (l lines) cut(from int) (before, after lines) {
	i := from
	for i < len(l) && !strings.HasPrefix(l[i], "m=") {
		i++
	}
	return l[:i:i], l[i:]
}

// content returns a line without its line ending.
func content(line string) string {
	for line != "" && (line[len(line)-1] == '\n' || line[len(line)-1] == '\r') {
		line = line[:len(line)-1]
	}
	return line
}

// attribute splits an a= line.
func attribute(line string) (key, value string, ok bool) {
	line, ok = strings.CutPrefix(content(line), "a=")
	key, value, _ = strings.Cut(line, ":")
	return key, value, ok
}

// valueOf returns the value of a line that is the attribute key.
func valueOf(line, key string) (value string, ok bool) {
	if !strings.HasPrefix(line, "a=") || !strings.HasPrefix(line[len("a="):], key) {
		return "", false
	}
	rest := content(line[len("a=")+len(key):])
	if rest == "" {
		return "", true
	}
	return strings.CutPrefix(rest, ":")
}

// written returns an a= line; without a value it is a flag.
func written(key, value string) string {
	if value == "" {
		return "a=" + key + "\r\n"
	}
	return "a=" + key + ":" + value + "\r\n"
}

// Values returns the values of all attributes of this name.
func (l lines) Values(key string) (values []string) {
	for _, line := range l {
		if value, ok := valueOf(line, key); ok {
			values = append(values, value)
		}
	}
	return values
}

// Get returns the first value of an attribute; that of a flag is empty.
func (l lines) Get(key string) (value string, ok bool) {
	for _, line := range l {
		if value, ok := valueOf(line, key); ok {
			return value, true
		}
	}
	return "", false
}

// Has reports whether the attribute is present.
func (l lines) Has(key string) bool {
	_, ok := l.Get(key)
	return ok
}

// Add adds an attribute as the last line.
func (l *lines) Add(key, value string) { *l = append(*l, written(key, value)) }

// Take removes the last attribute of this name, and returns its value.
func (l *lines) Take(key string) (value string, ok bool) {
	for i := len(*l) - 1; i >= 0; i-- {
		if value, ok := valueOf((*l)[i], key); ok {
			*l = slices.Delete(*l, i, i+1)
			return value, true
		}
	}
	return "", false
}

// replace replaces the value of each attribute of this name by to(value).
func (l lines) replace(key string, to func(value string) string) {
	for i, line := range l {
		if value, ok := valueOf(line, key); ok {
			if changed := to(value); changed != value {
				l[i] = written(key, changed)
			}
		}
	}
}

func (l *lines) remove(those func(line string) bool) { *l = slices.DeleteFunc(*l, those) }

func (l lines) size() (n int) {
	for _, line := range l {
		n += len(line)
	}
	return n + len("\r\n")
}

// write writes the lines. The last line of a text may lack a line ending although
// others follow it now.
func (l lines) write(b *strings.Builder) {
	for _, line := range l {
		if b.Len() > 0 && !strings.HasSuffix(b.String(), "\n") {
			b.WriteString("\r\n")
		}
		b.WriteString(line)
	}
}
