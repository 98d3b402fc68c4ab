package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// lean writes a workspace into dir, in which the module in root is built with pion but
// without what is unused of it, and returns its go.work. (An overlay would not do: the
// go command lays none over its module cache.)
func lean(ctx context.Context, root, dir string) (work string, err error) {
	packages, err := sources(ctx, root)
	if err != nil {
		return "", err
	}
	module := filepath.Join(dir, "webrtc")
	missing := maps.Clone(unused)
	var goVersion string
	for _, pkg := range packages {
		goVersion = pkg.Module.GoVersion
		to := filepath.Join(module, filepath.FromSlash(strings.TrimPrefix(pkg.ImportPath, pion)))
		if err := os.MkdirAll(to, 0o777); err != nil {
			return "", err
		}
		for _, name := range pkg.GoFiles {
			src, err := os.ReadFile(filepath.Join(pkg.Dir, name))
			if err != nil {
				return "", err
			}
			if names, found := unused[name]; found && pkg.ImportPath == pion {
				delete(missing, name)
				if names == nil {
					continue
				}
				if src, err = cut(src, names); err != nil {
					return "", moved(name, err)
				}
			}
			if err := os.WriteFile(filepath.Join(to, name), src, 0o666); err != nil {
				return "", err
			}
		}
	}
	for name := range missing {
		return "", moved(name, fs.ErrNotExist)
	}

	// What pion requires, root requires, too.
	mod := fmt.Sprintf("module %s\n\ngo %s\n", pion, goVersion)
	if err := os.WriteFile(filepath.Join(module, "go.mod"), []byte(mod), 0o666); err != nil {
		return "", err
	}
	own, err := ownGoVersion(ctx, root)
	if err != nil {
		return "", err
	}
	work = filepath.Join(dir, "go.work")
	content := fmt.Sprintf("go %s\n\nuse (\n\t%q\n\t%q\n)\n", own, root, module)
	return work, os.WriteFile(work, []byte(content), 0o666)
}

func moved(file string, err error) error {
	return fmt.Errorf("pion has moved: look at %s of %s and at unused.go: %w", file, pion, err)
}

// source is a package that a go command lists.
type source struct {
	Dir, ImportPath string
	GoFiles         []string
	Module          *struct{ Path, GoVersion string }
}

// sources returns pion's package and those of its module that it needs in a browser.
func sources(ctx context.Context, root string) ([]source, error) {
	out, err := goIn(ctx, root, "off", "list", "-deps", "-json=Dir,ImportPath,GoFiles,Module", pion)
	if err != nil {
		return nil, err
	}
	var list []source
	for in := json.NewDecoder(bytes.NewReader(out)); ; {
		var pkg source
		switch err := in.Decode(&pkg); {
		case errors.Is(err, io.EOF):
			return list, nil
		case err != nil:
			return nil, err
		case pkg.Module != nil && pkg.Module.Path == pion:
			list = append(list, pkg)
		}
	}
}

func ownGoVersion(ctx context.Context, root string) (string, error) {
	out, err := goIn(ctx, root, "off", "list", "-m", "-f", "{{.GoVersion}}")
	return strings.TrimSpace(string(out)), err
}

// goIn runs a go command in dir with the go.work called work, for the browser.
func goIn(ctx context.Context, dir, work string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "GOWORK="+work)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w", args[0], err)
	}
	return out, nil
}
