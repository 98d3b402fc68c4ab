package negotiation

// Source is a SHA-256, in hexadecimal, over the Go sources that decide: those of this
// package and of the packages below it that negotiate, without files that are for a
// browser or for the host alone. Two programs with the same Source run identical
// negotiation logic, whatever they are compiled for.
//
//go:generate go test -count=1 -run ^TestSource$ . -update
const Source = "7414e64454ea65e874f0c6b37cc168513f5396210ad584a5fad20506316443dd"
