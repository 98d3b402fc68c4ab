package negotiation

// Source is a SHA-256, in hexadecimal, over the Go sources that decide: those of this
// package and of the packages below it that negotiate, without files that are for a
// browser or for the host alone. Two programs with the same Source run identical
// negotiation logic, whatever they are compiled for.
//
//go:generate go test -count=1 -run ^TestSource$ . -update
const Source = "e45fe4a647183184b124aaff14a5fe66b1c6920b80ef29f5dd93035c22dfeb36"
