// Package certs is where a server has its certificate from: files that somebody else
// renews ([Load]), an authority that speaks ACME ([NewAuto]), or itself ([SelfSigned]).
package certs
