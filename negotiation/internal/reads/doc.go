// Package reads ends those of tracks whose connection was closed.
package reads
