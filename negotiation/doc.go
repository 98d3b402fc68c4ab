// Package negotiation is the W3C perfect negotiation pattern for pion.
package negotiation
