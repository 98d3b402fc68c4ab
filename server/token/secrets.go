package token

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

const (
	minSecret  = 32 // bytes: as long as the hash, RFC 7518, section 3.2
	maxSecrets = 2
	readAgain  = time.Second // how long what was read of the file counts as new
)

// Secrets are what signs tokens: lines of a file, which may change while the server
// runs. Each has at least 32 bytes. The first signs, and tokens that either of the two
// has signed are accepted, so that one can take the other's place. The file is looked at
// when a token comes, at most once a second. Its methods may be called from any
// goroutine.
type Secrets struct {
	file string
	log  *slog.Logger

	mu      sync.Mutex
	at      time.Time // of the last look
	lines   [][]byte
	problem string // that was logged last
}

// Load reads the secrets in a file.
func Load(file string, log *slog.Logger) (*Secrets, error) {
	lines, err := read(file)
	if err != nil {
		return nil, err
	}
	return &Secrets{file: file, log: log, at: time.Now(), lines: lines}, nil
}

// current returns the secrets. If the file has changed and cannot be used, they stay
// those from before, and the log says why.
func (s *Secrets) current() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.at) < readAgain {
		return s.lines
	}
	s.at = time.Now()
	problem := ""
	if lines, err := read(s.file); err != nil {
		problem = err.Error()
	} else {
		s.lines = lines
	}
	if problem != "" && problem != s.problem {
		s.log.Error("the new secrets of tokens cannot be used; the old ones are", "error", problem)
	}
	s.problem = problem
	return s.lines
}

// read returns the lines of the file that are not empty. No error quotes them.
func read(file string) (lines [][]byte, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the secrets of tokens: %w", err)
	}
	for line := range bytes.Lines(text) {
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			continue
		}
		if len(line) < minSecret {
			return nil, fmt.Errorf("read the secrets of tokens: one in %s has %d bytes, and must have at least %d, as of openssl rand -base64 48", file, len(line), minSecret)
		}
		lines = append(lines, line)
	}
	if len(lines) == 0 || len(lines) > maxSecrets {
		return nil, fmt.Errorf("read the secrets of tokens: %s must have one or two lines, with a secret each, and has %d", file, len(lines))
	}
	return lines, nil
}
