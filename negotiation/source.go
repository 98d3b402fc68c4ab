package negotiation

// Source is a SHA-256, in hexadecimal, over the Go sources that decide: those of this
// package and of the packages below it that negotiate, without files that are for a
// browser or for the host alone. Two programs with the same Source run identical
// negotiation logic, whatever they are compiled for.
//
//go:generate go test -count=1 -run ^TestSource$ . -update
const Source = "a855c2e0b749a86ce8a27835d94be817ef2151182c8a0fd69a00321a7d5d3179"
