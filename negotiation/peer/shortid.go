package peer

// shown is how many characters of an id people are shown: a key whose id begins with the
// same ten, which are 50 bits, takes some years of a large machine to find.
const shown = 10

// ShortID returns the beginning of an id, for people: two groups with a hyphen between
// them, which no id has.
func ShortID(id string) string {
	if id = id[:min(shown, len(id))]; len(id) == shown {
		return id[:shown/2] + "-" + id[shown/2:]
	}
	return id
}
