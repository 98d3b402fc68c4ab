package main

// origin returns the origin of the page, which is that of the relay.
func origin() string {
	location, err := global("location")
	if err != nil {
		return ""
	}
	return text(location, "origin")
}

// verbose reports whether the page's address has ?verbose, with any value.
func verbose() bool {
	location, err := global("location")
	if err != nil {
		return false
	}
	class, err := global("URLSearchParams")
	if err != nil {
		return false
	}
	query, err := class.New(text(location, "search"))
	if err != nil {
		return false
	}
	has, err := query.Call("has", "verbose")
	return err == nil && truth(has)
}

func reload(element) {
	if location, err := global("location"); err == nil {
		_, _ = location.Call("reload")
	}
}
