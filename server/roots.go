package main

// The certificate authorities of Mozilla, for where the system has none: a container
// that has nothing but this program.
import _ "golang.org/x/crypto/x509roots/fallback"
