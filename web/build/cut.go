package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"strconv"
)

// cut returns a Go source without the declarations of those names: f is a function,
// T.m a method, T.f a field of a struct. Imports that only they used go with them. All
// else stays, and stays in its line.
func cut(src []byte, names []string) ([]byte, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	gone := map[ast.Node]bool{}
	all := declared(file)
	for _, name := range names {
		if all[name] == nil {
			return nil, fmt.Errorf("%s is not declared there", name)
		}
		gone[all[name]] = true
	}
	for _, node := range idle(file, gone) {
		gone[node] = true
	}
	left := bytes.Clone(src)
	for node := range gone {
		from, to := fset.Position(node.Pos()).Offset, fset.Position(node.End()).Offset
		for i := from; i < to; i++ {
			if left[i] != '\n' {
				left[i] = ' '
			}
		}
	}
	return left, nil
}

// declared returns what cut has names for.
func declared(file *ast.File) map[string]ast.Node {
	all := map[string]ast.Node{}
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			name := decl.Name.Name
			if decl.Recv != nil {
				name = receiver(decl) + "." + name
			}
			all[name] = decl
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				addFields(all, spec)
			}
		}
	}
	return all
}

// receiver returns the type of a method, without its star.
func receiver(method *ast.FuncDecl) string {
	t := method.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	name, _ := t.(*ast.Ident)
	return name.String()
}

// addFields adds the fields of a struct to all that is declared.
func addFields(all map[string]ast.Node, spec ast.Spec) {
	t, ok := spec.(*ast.TypeSpec)
	if !ok {
		return
	}
	s, ok := t.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, field := range s.Fields.List {
		if len(field.Names) == 1 {
			all[t.Name.Name+"."+field.Names[0].Name] = field
		}
	}
}

// idle returns the imports that nothing uses but what is gone.
func idle(file *ast.File, gone map[ast.Node]bool) []ast.Node {
	used := map[string]bool{} // each x of an x.y
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok {
				used[x.Name] = true
			}
		}
		return !gone[n]
	})
	var list []ast.Node
	for _, decl := range file.Decls {
		d, ok := decl.(*ast.GenDecl)
		if !ok || d.Tok != token.IMPORT {
			continue
		}
		for _, spec := range d.Specs {
			switch spec := spec.(*ast.ImportSpec); {
			case spec.Name != nil || used[packageName(spec)]:
			case d.Lparen.IsValid():
				list = append(list, spec)
			default:
				list = append(list, d)
			}
		}
	}
	return list
}

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

// packageName returns the name that an import has by convention.
func packageName(spec *ast.ImportSpec) string {
	p, _ := strconv.Unquote(spec.Path.Value)
	if majorVersion.MatchString(path.Base(p)) {
		p = path.Dir(p)
	}
	return path.Base(p)
}
