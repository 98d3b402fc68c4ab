package main

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"perfect-negotiation/web/packed"
)

// TestPack packs the page as it is. What was packed of other sources is not taken.
func TestPack(t *testing.T) {
	web := t.TempDir()
	if err := os.CopyFS(filepath.Join(web, "inspector"), os.DirFS("../inspector")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(web, "client"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, name := range append([]string{"boot.js", "log.js", "style.css", "home.css"}, packed.Unchanged...) {
		write(t, web, name, string(read(t, "..", name)))
	}
	var out strings.Builder
	if err := pack(t.Context(), web, &out); err != nil {
		t.Fatal(err)
	}
	t.Log(out.String())
	files := packed.Find(os.DirFS(web))
	if files == nil {
		t.Fatal("nothing is packed")
	}
	for _, name := range slices.Concat(packed.AtStart, packed.Others) {
		small, err := fs.ReadFile(files, name)
		if err != nil {
			t.Error(err)
		}
		if source := read(t, web, filepath.FromSlash(name)); name != "inspector/main.js" && len(small) >= len(source) {
			t.Errorf("%s has %d bytes of %d", name, len(small), len(source))
		}
		if _, err := fs.Stat(files, name+".br"); err != nil {
			t.Error(err)
		}
	}
	for _, name := range packed.Unchanged {
		content, err := fs.ReadFile(files, name)
		if source := read(t, web, filepath.FromSlash(name)); err != nil || !bytes.Equal(content, source) {
			t.Errorf("%s is not as it was: %v", name, err)
		}
		if _, err := fs.Stat(files, name+".br"); err != nil {
			t.Error(err)
		}
	}
	if main := string(read(t, web, packed.Dir+"/inspector/main.js")); strings.Contains(main, "@param") || !strings.Contains(main, "import(") {
		t.Error("it is not packed")
	}
	write(t, web, "inspector/new.js", "export const x = 1;\n")
	if packed.Find(os.DirFS(web)) != nil {
		t.Error("what was packed of other sources is taken")
	}
	write(t, web, "inspector/new.js", "export const = ;\n")
	write(t, web, "inspector/main.js", "import './new.js';\n")
	if err := pack(t.Context(), web, io.Discard); err == nil {
		t.Error("what cannot be read is packed")
	}
}
