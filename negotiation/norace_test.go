//go:build !race && !js

package negotiation

const raceEnabled = false
