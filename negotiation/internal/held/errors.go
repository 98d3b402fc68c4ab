package held

import (
	"errors"
	"fmt"
)

// Errors of which package negotiation tells.
var (
	ErrRefused             = errors.New("refused")
	ErrNoRemoteDescription = errors.New("no remote description yet")
	ErrUnknownUfrag        = errors.New("unknown ufrag")
	ErrOffer               = errors.New("the offer failed")
	ErrClosed              = errors.New("negotiation: closed")
	ErrWedged              = errors.New("negotiation: the connection cannot go on, make a new one")
)

// Refused returns an error that wraps [ErrRefused].
func Refused(err error) error { return fmt.Errorf("%w: %w", ErrRefused, err) }
