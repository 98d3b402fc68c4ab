package negotiation

// Source is the SHA-256, in hexadecimal, of the Go sources that make decisions: those
// of this package and of the packages below it that negotiate, without files for only
// one target. Two programs with the same Source run identical negotiation logic,
// natively and in a browser.
//
//go:generate go test -count=1 -run ^TestSource$ . -update
const Source = "bef511b9071a1998dbe5f71f0325e70b94d5e606d20f1209452623bbf518f56e"
