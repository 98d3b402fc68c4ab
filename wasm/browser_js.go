package main

// server returns the address of the landing page, which is that of the relay.
func server(d document) string {
	class, err := global("URL")
	if err != nil {
		return ""
	}
	location, err := global("location")
	if err != nil {
		return ""
	}
	address, err := class.New(d.data("root"), text(location, "href"))
	if err != nil {
		return ""
	}
	return text(address, "href")
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
