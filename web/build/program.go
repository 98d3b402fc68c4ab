package main

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// function is one in a program.
type function struct {
	name string // as the Go linker writes it: what is no letter, digit or dot is a _
	code []byte
}

// Sections of a WASM module.
// https://www.w3.org/TR/wasm-core-2/#sections
const (
	customSection = 0
	importSection = 2
	codeSection   = 10
)

// functions returns the functions of a WASM module with the names of its name section,
// and all that is neither functions nor names.
func functions(module []byte) (list []function, rest []byte, err error) {
	const header = 8
	if len(module) < header {
		return nil, nil, errors.New("no WASM")
	}
	in := &reader{b: module[header:]}
	var names map[int]string
	imported := 0 // they have the first numbers
	for len(in.b) > 0 {
		kind := in.bytes(1)
		content := in.bytes(in.number())
		if in.err != nil {
			break
		}
		section := &reader{b: content}
		switch kind[0] {
		case codeSection:
			for range section.number() {
				list = append(list, function{code: section.bytes(section.number())})
			}
		case customSection:
			if string(section.bytes(section.number())) == "name" {
				names = section.functionNames()
				break
			}
			rest = append(rest, content...)
		case importSection:
			imported = section.number() // the Go linker imports nothing but functions
			rest = append(rest, content...)
		default:
			rest = append(rest, content...)
		}
		in.err = errors.Join(in.err, section.err)
	}
	if in.err == nil && names == nil {
		in.err = errors.New("it has no names")
	}
	if in.err != nil {
		return nil, nil, fmt.Errorf("read the program: %w", in.err)
	}
	for i := range list {
		list[i].name = names[imported+i]
	}
	return list, rest, nil
}

// reader reads what a module is encoded with. After an error it returns zeros.
type reader struct {
	b   []byte
	err error
}

var errShort = errors.New("it ends too early")

func (r *reader) number() int {
	n, size := binary.Uvarint(r.b)
	if size <= 0 || n > 1<<31-1 {
		r.b, r.err = nil, errShort
		return 0
	}
	r.b = r.b[size:]
	return int(n)
}

func (r *reader) bytes(n int) []byte {
	if n > len(r.b) {
		r.b, r.err = nil, errShort
		return make([]byte, 1)
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

// functionNames reads a name section.
// https://www.w3.org/TR/wasm-core-2/#name-section
func (r *reader) functionNames() map[int]string {
	const ofFunctions = 1
	names := map[int]string{}
	for len(r.b) > 0 {
		kind := r.bytes(1)
		part := &reader{b: r.bytes(r.number())}
		if kind[0] != ofFunctions {
			continue
		}
		for range part.number() {
			number := part.number()
			names[number] = string(part.bytes(part.number()))
		}
		r.err = errors.Join(r.err, part.err)
	}
	return names
}
