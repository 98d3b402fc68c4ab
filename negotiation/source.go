package negotiation

// Source is the SHA-256, in hexadecimal, of the Go sources that make decisions: those
// of this package and of the packages below it that negotiate, without files for only
// one target. Two programs with the same Source run identical negotiation logic,
// natively and in a browser.
//
//go:generate go test -count=1 -run ^TestSource$ . -update
const Source = "5682c9dfbd97026f3c5fe401c9a4628b8d6cc221994cf1d5eb9cedd6e9d25107"
