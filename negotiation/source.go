package negotiation

// Source is a SHA-256, in hexadecimal, over the Go sources that decide: those of this
// package and of the packages below it that negotiate, without files that are for a
// browser or for the host alone. Two programs with the same Source run identical
// negotiation logic, whatever they are compiled for.
//
//go:generate go test -count=1 -run ^TestSource$ . -update
const Source = "6bd6bd65d85634dce00507c1ad198a767d99c706bd6a45451513318c1c83a6c2"
