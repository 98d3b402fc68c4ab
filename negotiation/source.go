package negotiation

// Source is the SHA-256, in hexadecimal, of the Go sources that make decisions: those
// of this package and of the packages below it that negotiate, without files for only
// one target. Two programs with the same Source run identical negotiation logic,
// natively and in a browser.
//
//go:generate go test -count=1 -run ^TestSource$ . -update
const Source = "ee0a1633f68bd611b2c0c88c16ea16f0b63c54281111a16726b9ea116f9c0dbd"
