package negotiation

// Source is the SHA-256, in hexadecimal, of the Go sources that make decisions: those
// of this package and of the packages below it that negotiate, without files for only
// one target. Two programs with the same Source run identical negotiation logic,
// natively and in a browser.
//
//go:generate go test -count=1 -run ^TestSource$ . -update
const Source = "f3b2edfdd673adc8351351a9b47e9f947636d085d38503d7ef89ce6d1ef286da"
