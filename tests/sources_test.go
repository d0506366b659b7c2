package tests

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// source is one Go file of the project.
type source struct {
	path    string // from the module's root, with slashes
	syntax  *ast.File
	imports []string
}

func (s source) test() bool            { return strings.HasSuffix(s.path, "_test.go") }
func (s source) in(room string) bool   { return strings.HasPrefix(s.path, room+"/") }
func (s source) fits(glob string) bool { ok, _ := path.Match(glob, s.path); return ok }

// sources parses every Go file of the project.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	top := os.DirFS("..")
	require.NoError(t, fs.WalkDir(top, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && name != ".":
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go"):
			return nil
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", name), nil, parser.ParseComments)
		if err != nil {
			return err
		}
		s := source{path: name, syntax: syntax}
		for _, spec := range syntax.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			s.imports = append(s.imports, imported)
		}
		all = append(all, s)
		return nil
	}))
	require.Greater(t, len(all), 50, "the whole project was read")
	return all
}

// below reports whether pkg is root or a package below it.
func below(pkg, root string) bool { return pkg == root || strings.HasPrefix(pkg, root+"/") }

func standard(pkg string) bool { return !strings.Contains(strings.Split(pkg, "/")[0], ".") }

// kinds returns the folders of the kinds of actors.
func kinds(t *testing.T) (names []string) {
	entries, err := os.ReadDir("../actors")
	require.NoError(t, err)
	for _, e := range entries {
		if e.IsDir() && e.Name() != "internal" {
			names = append(names, e.Name())
		}
	}
	require.GreaterOrEqual(t, len(names), 3)
	return names
}

// hasMachineMethod reports whether a file has a method of a machine.
func hasMachineMethod(s source) bool {
	return slices.ContainsFunc(s.syntax.Decls, func(d ast.Decl) bool {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Recv == nil {
			return false
		}
		star, ok := fn.Recv.List[0].Type.(*ast.StarExpr)
		if !ok {
			return false
		}
		name, ok := star.X.(*ast.Ident)
		return ok && name.Name == "machine"
	})
}

// calls reports whether code mentions one of these functions of a package.
func calls(code ast.Node, pkg string, names ...string) (found bool) {
	ast.Inspect(code, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			from, ok := sel.X.(*ast.Ident)
			found = found || ok && from.Name == pkg && slices.Contains(names, sel.Sel.Name)
		}
		return true
	})
	return found
}
