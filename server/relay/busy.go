package relay

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"
)

// Refusal says why a new connection is not taken now, before it is a WebSocket: that
// costs the least. A page cannot read it there, and asks the address that package site
// has for that.
type Refusal struct {
	Status  int           // of HTTP: 403 for a page of another site, 429 if only this client is meant, else 503
	Retry   time.Duration // it may be worth trying again after this; 0: it is not
	Message string
}

// ServeHTTP answers a request with the refusal.
func (f *Refusal) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	if f.Status != http.StatusForbidden {
		seconds := int(math.Ceil(f.Retry.Seconds()))
		w.Header().Set("Retry-After", strconv.Itoa(max(seconds, 1)))
	}
	http.Error(w, f.Message, f.Status)
}

func refuseOrigin(origin string) *Refusal {
	return &Refusal{http.StatusForbidden, 0, "Pages of " + origin + " may not use this relay. To let them in, start the server with --origin " + origin}
}

var refuseShutdown = &Refusal{http.StatusServiceUnavailable, time.Second, "the relay is shutting down or starting again"}

func refuseFull(connections int) *Refusal {
	return &Refusal{http.StatusServiceUnavailable, 5 * time.Second, fmt.Sprintf("the relay is full: it has %d connections", connections)}
}

func refuseRooms(rooms int) *Refusal {
	return &Refusal{http.StatusServiceUnavailable, 5 * time.Second, fmt.Sprintf("the relay has %d rooms, and opens no other", rooms)}
}

func refuseBacklog() *Refusal {
	return &Refusal{http.StatusServiceUnavailable, 5 * time.Second, "the relay is overloaded: too much waits for its clients"}
}

func refuseAddressFull(connections int) *Refusal {
	return &Refusal{http.StatusTooManyRequests, 5 * time.Second, fmt.Sprintf("your address has %d connections to the relay, as many as it may: close some", connections)}
}

func refuseTooFast(wait time.Duration) *Refusal {
	return &Refusal{http.StatusTooManyRequests, wait, "your address connects to the relay too often"}
}
