//go:build !race && !js

package negotiation

import "time"

const RaceEnabled = false

// maxArrival is how long media may take on loopback.
const maxArrival = 2 * time.Second

// someRounds are those of TestStress in every test run.
const someRounds = 30
