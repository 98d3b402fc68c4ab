package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/evanw/esbuild/pkg/api"

	"perfect-negotiation/web/packed"
)

// maxPage is how much script and style a peer's page may load at its start beside the
// program, compressed with gzip, in bytes. What is needed later is loaded later.
const maxPage = 33_000

// pack packs the scripts and styles in the directory web.
func pack(ctx context.Context, web string, out io.Writer) error {
	dir := filepath.Join(web, filepath.FromSlash(packed.Dir))
	sum, err := packed.Sum(os.DirFS(web))
	if err != nil {
		return err
	}
	if packed.Find(os.DirFS(web)) != nil {
		return nil
	}
	files, atStart, err := bundle(ctx, web)
	if err != nil {
		return err
	}
	for _, name := range packed.Unchanged {
		if files[name], err = os.ReadFile(filepath.Join(web, filepath.FromSlash(name))); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "  page    %s bytes as gzip at its start\n", thousands(int64(atStart)))
	if atStart > maxPage {
		return fmt.Errorf("the page: %s bytes at its start are more than %s", thousands(int64(atStart)), thousands(maxPage))
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	for name, content := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(file, content, 0o666); err != nil {
			return err
		}
		if err := writeFile(file+".br", func(w io.Writer) error {
			return pour(ctx, brotli.NewWriterOptions(w, brotli.WriterOptions{Quality: 11}), content)
		}); err != nil {
			return err
		}
	}
	// The sum comes last: with it the server takes them for complete.
	return os.WriteFile(filepath.Join(dir, "sum"), []byte(sum+"\n"), 0o666)
}

// bundle returns the packed files by name, and how much of them a page loads at its start,
// as gzip.
func bundle(ctx context.Context, web string) (files map[string][]byte, atStart int, err error) {
	outdir := filepath.Join(web, "packed")
	result := api.Build(api.BuildOptions{
		AbsWorkingDir:     web,
		EntryPoints:       slices.Concat(packed.AtStart, packed.Others),
		Outbase:           ".",
		Outdir:            outdir,
		ChunkNames:        "inspector/[name]-[hash]",
		Bundle:            true,
		Splitting:         true,
		Format:            api.FormatESModule,
		Target:            api.ES2022,
		Charset:           api.CharsetUTF8,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		Metafile:          true,
	})
	var wrong []error
	for _, message := range append(result.Errors, result.Warnings...) {
		wrong = append(wrong, errors.New(message.Text))
	}
	if len(wrong) > 0 {
		return nil, 0, fmt.Errorf("pack the page: %w", errors.Join(wrong...))
	}
	files = map[string][]byte{}
	for _, file := range result.OutputFiles {
		name, err := filepath.Rel(outdir, file.Path)
		if err != nil {
			return nil, 0, err
		}
		files[filepath.ToSlash(name)] = file.Contents
	}
	atStart, err = sizeAtStart(ctx, result.Metafile, files)
	return files, atStart, err
}

// sizeAtStart adds up what a peer's page names and what that imports at once.
func sizeAtStart(ctx context.Context, metafile string, files map[string][]byte) (size int, err error) {
	var meta struct {
		Outputs map[string]struct {
			Imports []struct{ Path, Kind string }
		}
	}
	if err := json.Unmarshal([]byte(metafile), &meta); err != nil {
		return 0, err
	}
	counted := map[string]bool{}
	var count func(output string) error
	count = func(output string) error {
		content, there := files[strings.TrimPrefix(output, "packed/")]
		if counted[output] || !there {
			return nil
		}
		counted[output] = true
		var b bytes.Buffer
		w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
		if err != nil {
			return err
		}
		if err := pour(ctx, w, content); err != nil {
			return err
		}
		size += b.Len()
		for _, i := range meta.Outputs[output].Imports {
			if i.Kind != "import-statement" {
				continue
			}
			if err := count(i.Path); err != nil {
				return err
			}
		}
		return nil
	}
	for _, entry := range packed.AtStart {
		if err := count(path.Join("packed", entry)); err != nil {
			return 0, err
		}
	}
	if len(counted) < len(packed.AtStart) {
		return 0, errors.New("esbuild has not made all that the page needs")
	}
	return size, nil
}
