// Package random makes secrets and names that nobody can guess. A browser makes them for
// the page: crypto/rand would bring into its program the generator, ciphers and hashes
// of Go's own module for FIPS 140, a twenty-fifth of the download.
package random
