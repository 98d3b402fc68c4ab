//go:build race && !js

package negotiation

const raceEnabled = true
