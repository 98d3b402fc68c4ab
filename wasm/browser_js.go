package main

// origin is where the page came from, and so where the relay is.
func origin() string {
	location, err := global("location")
	if err != nil {
		return ""
	}
	return text(location, "origin")
}

// verbose tells whether the page was asked for with ?verbose, whatever its value.
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
