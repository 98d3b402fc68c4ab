package held

import (
	"errors"
	"fmt"
)

// These errors are exported and documented by package negotiation.
var (
	ErrRefused             = errors.New("negotiation: refused")
	ErrNoRemoteDescription = errors.New("negotiation: no remote description yet")
	ErrUnknownUfrag        = errors.New("negotiation: unknown ufrag")
	ErrOffer               = errors.New("negotiation: the offer failed")
	ErrClosed              = errors.New("negotiation: closed")
	ErrWedged              = errors.New("negotiation: the connection cannot go on, make a new one")
)

// Refused returns an error that wraps [ErrRefused].
func Refused(err error) error { return fmt.Errorf("%w: %w", ErrRefused, err) }
