package sdp

import (
	"slices"
	"strings"
)

// lines are the lines of the session level or of a media section, each with its line
// ending.
type lines []string

// attribute splits an a= line.
func attribute(line string) (key, value string, ok bool) {
	line, ok = strings.CutPrefix(strings.TrimRight(line, "\r\n"), "a=")
	key, value, _ = strings.Cut(line, ":")
	return key, value, ok
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
		if k, value, ok := attribute(line); ok && k == key {
			values = append(values, value)
		}
	}
	return values
}

// Get returns the first value of an attribute; that of a flag is empty.
func (l lines) Get(key string) (value string, ok bool) {
	for _, line := range l {
		if k, value, ok := attribute(line); ok && k == key {
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
		if k, value, ok := attribute((*l)[i]); ok && k == key {
			*l = slices.Delete(*l, i, i+1)
			return value, true
		}
	}
	return "", false
}

// replace replaces the value of each attribute of this name by to(value).
func (l lines) replace(key string, to func(value string) string) {
	for i, line := range l {
		if k, value, ok := attribute(line); ok && k == key {
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
