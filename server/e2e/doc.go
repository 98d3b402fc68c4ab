// Package e2e tests from end to end: it drives the built program, tabs of real browsers
// and native peers, over real relays, proxies and networks that fail.
//
// It has no code but that of its tests. `make test-tabs` runs them: without PN_TABS those
// that need Chromium are skipped.
package e2e
