package peer

// shown is the number of characters of an id that people see. To find a key whose id
// begins with the same ten characters, 50 bits, takes a large machine some years.
const shown = 10

// ShortID returns the beginning of an id for display: two groups with a hyphen
// between them, which no id contains.
func ShortID(id string) string {
	if id = id[:min(shown, len(id))]; len(id) == shown {
		return id[:shown/2] + "-" + id[shown/2:]
	}
	return id
}
