package main

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/format"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// sources maps the path of each file of some packages, from the module's root,
// to its text.
type sources map[string]string

// dirs returns the directories of the packages that a variant changes.
func (v variant) dirs() (dirs []string) {
	for _, e := range v.edits {
		dirs = append(dirs, e.dir)
	}
	for _, file := range v.woven {
		dirs = append(dirs, path.Dir(file))
	}
	return dirs
}

// load reads the packages that a variant changes, without their tests.
func load(root string, v variant) (sources, error) {
	s := sources{}
	for _, dir := range v.dirs() {
		p, err := build.ImportDir(filepath.Join(root, dir), 0)
		if err != nil {
			return nil, fmt.Errorf("run it from the module's root: %w", err)
		}
		for _, name := range p.GoFiles {
			text, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				return nil, err
			}
			s[path.Join(dir, name)] = string(text)
		}
	}
	return s, nil
}

// apply returns s with the edits of v carried out, one after the other.
func (v variant) apply(s sources) (sources, error) {
	s = maps.Clone(s)
	for _, e := range v.edits {
		if err := s.edit(e); err != nil {
			return nil, fmt.Errorf("variant %q: %w", v.name, err)
		}
	}
	for _, file := range v.woven {
		text, err := weave(s[file])
		if err != nil {
			return nil, fmt.Errorf("variant %q: %s: %w", v.name, file, err)
		}
		s[file] = text
	}
	return s, nil
}

// imports lists the packages that the code of edits uses, by their names.
var imports = map[string]string{
	"fmt":      "fmt",
	"messages": "github.com/understudy-go/understudy/messages",
	"rand":     "math/rand/v2",
	"runtime":  "runtime",
}

// edit carries out one edit.
func (s sources) edit(e edit) error {
	f, err := s.parse(e.dir)
	if err != nil {
		return err
	}
	at, err := e.find(f, e)
	if err != nil {
		return fmt.Errorf("%v: %w", e, err)
	}
	from, to := f.fset.Position(at.from), f.fset.Position(at.to)
	text := s[from.Filename]
	code := strings.ReplaceAll(e.code, "$", text[from.Offset:to.Offset])
	text, err = withImports(text[:from.Offset]+code+text[to.Offset:], e.code)
	if err != nil {
		return fmt.Errorf("%v: after the edit: %w", e, err)
	}
	s[from.Filename] = text
	return nil
}

// parse parses the files of a package.
func (s sources) parse(dir string) (*finder, error) {
	f := &finder{fset: token.NewFileSet()}
	for _, name := range slices.Sorted(maps.Keys(s)) {
		if path.Dir(name) != dir {
			continue
		}
		file, err := parser.ParseFile(f.fset, name, s[name], parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		f.files = append(f.files, file)
	}
	if len(f.files) == 0 {
		return nil, fmt.Errorf("%s: found no Go files", dir)
	}
	return f, nil
}

// withImports returns text, formatted, with the imports that code needs.
func withImports(text, code string) (string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "", text, parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	missing := ""
	for name, imported := range imports {
		quoted := strconv.Quote(imported)
		has := slices.ContainsFunc(file.Imports, func(s *ast.ImportSpec) bool { return s.Path.Value == quoted })
		if mentions(code, name) && !has {
			missing += "\nimport " + quoted
		}
	}
	end := int(file.Name.End() - file.FileStart)
	formatted, err := format.Source([]byte(text[:end] + missing + text[end:]))
	return string(formatted), err
}

// mentions reports whether code mentions something of the package of that name.
func mentions(code, name string) bool {
	return regexp.MustCompile(`(^|[^.\w])` + name + `\.`).MatchString(code)
}
