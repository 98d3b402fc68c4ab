//go:build race && !js

package negotiation

import "time"

const RaceEnabled = true

// maxArrival is how long media may take on loopback. The race detector makes pion
// several times slower, and nothing is played before all rests.
const maxArrival = 10 * time.Second

// someRounds are those of TestStress in every test run.
const someRounds = 16
