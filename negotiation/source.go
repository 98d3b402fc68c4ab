package negotiation

// Source is a SHA-256, in hexadecimal, over the Go sources that decide: those of this
// package and of the packages below it that negotiate, without files that are for a
// browser or for the host alone. Two programs with the same Source run identical
// negotiation logic, whatever they are compiled for.
//
//go:generate go test -count=1 -run ^TestSource$ . -update
const Source = "c72cd4c8af05b5bcbeb214ae9cf545b1bf2e0207aa56fb8eb3b43b950704e49b"
