package web

import "testing"

func TestNegotiate(t *testing.T) {
	all := []string{"br", "gzip", identity}
	for _, c := range []struct {
		header  []string
		offered []string
		want    string
	}{
		{nil, all, identity},
		{[]string{""}, all, identity},
		{[]string{"identity"}, all, identity},
		{[]string{"gzip"}, all, "gzip"},
		{[]string{"gzip, deflate, br, zstd"}, all, "br"},
		{[]string{"gzip", "br"}, all, "br"},
		{[]string{"GZip"}, all, "gzip"},
		{[]string{"x-gzip"}, all, "gzip"},
		{[]string{"zstd"}, all, identity},
		{[]string{"br;q=0"}, all, identity},
		{[]string{"br;q=0, gzip"}, all, "gzip"},
		{[]string{"br;q=0.000, gzip;q=0.001"}, all, "gzip"},
		{[]string{"br;q=0.5, gzip;q=0.9"}, all, "gzip"},
		{[]string{"br; q=0.5 ,\tgzip ; Q=0.5"}, all, "br"},
		{[]string{"br;q=0.5, identity"}, all, identity},
		{[]string{"gzip;q=0.1"}, all, "gzip"},
		{[]string{"*"}, all, "br"},
		{[]string{"*;q=0.1"}, all, "br"},
		{[]string{"*, br;q=0"}, all, "gzip"},
		{[]string{"*;q=0"}, all, identity},
		{[]string{"gzip, *;q=0"}, all, "gzip"},
		{[]string{"identity;q=0, *;q=0"}, all, identity},
		{[]string{"br;q=2, gzip"}, all, "gzip"},
		{[]string{"br;q=NaN, gzip"}, all, "gzip"},
		{[]string{"br;q=-1"}, all, identity},
		{[]string{"br;level=1"}, all, identity},
		{[]string{",;,br,"}, all, "br"},
		{[]string{"br, gzip"}, []string{"gzip", identity}, "gzip"},
		{[]string{"br"}, []string{identity}, identity},
	} {
		if got := negotiate(c.header, c.offered); got != c.want {
			t.Errorf("Accept-Encoding %q of %q: got %q, want %q", c.header, c.offered, got, c.want)
		}
	}
}
