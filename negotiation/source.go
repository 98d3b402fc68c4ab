package negotiation

// Source is the SHA-256, in hexadecimal, of the Go sources that make decisions: those
// of this package and of the packages below it that negotiate, without files for only
// one target. Two programs with the same Source run identical negotiation logic,
// natively and in a browser.
//
//go:generate go test -count=1 -run ^TestSource$ . -update
const Source = "ba8f6acc0daf6b402c2bc67c8ef726a58205e10c6a01f3a2c4a5913ec02853e3"
