package badinput

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// exported returns every exported function and method of packages api and
// checks, sorted, including the methods of types to which api has an alias.
func exported(t *testing.T) []string {
	found := functions(t, "api", nil, "")
	for alias, of := range aliases(t) {
		found = append(found, functions(t, of.room, map[string]string{of.name: alias}, "")...)
	}
	found = append(found, functions(t, "api/checks", nil, "checks.")...)
	slices.Sort(found)
	return slices.Compact(found)
}

// functions returns the functions and methods that the package in folder room
// exports. If only is not nil, it returns the methods of those types, under the
// names that only gives them.
func functions(t *testing.T, room string, only map[string]string, prefix string) (found []string) {
	for _, file := range parsed(t, room) {
		for _, d := range file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || !fn.Name.IsExported() {
				continue
			}
			of := receiver(fn)
			switch {
			case only != nil:
				if name, wanted := only[of]; wanted {
					found = append(found, name+"."+fn.Name.Name)
				}
			case of == "":
				found = append(found, prefix+fn.Name.Name)
			case ast.IsExported(of):
				found = append(found, prefix+of+"."+fn.Name.Name)
			}
		}
	}
	return found
}

// receiver returns the name of the type that fn is a method of, or "".
func receiver(fn *ast.FuncDecl) string {
	if fn.Recv == nil {
		return ""
	}
	of := fn.Recv.List[0].Type
	for {
		switch t := of.(type) {
		case *ast.StarExpr:
			of = t.X
		case *ast.IndexExpr:
			of = t.X
		case *ast.Ident:
			return t.Name
		default:
			return ""
		}
	}
}

// place is where the type of an alias is declared.
type place struct{ room, name string }

// aliases returns the types to which api has an alias.
func aliases(t *testing.T) map[string]place {
	const module = "github.com/understudy-go/understudy/"
	found := map[string]place{}
	for _, file := range parsed(t, "api") {
		rooms := map[string]string{}
		for _, i := range file.Imports {
			if room, ours := strings.CutPrefix(strings.Trim(i.Path.Value, `"`), module); ours {
				rooms[path.Base(room)] = room
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && spec.Assign.IsValid() {
				if sel, ok := spec.Type.(*ast.SelectorExpr); ok {
					found[spec.Name.Name] = place{rooms[sel.X.(*ast.Ident).Name], sel.Sel.Name}
				}
			}
			return true
		})
	}
	require.Greater(t, len(found), 10)
	return found
}

// parsed returns the files of the package in folder room, without its tests.
func parsed(t *testing.T, room string) (files []*ast.File) {
	names, err := fs.Glob(os.DirFS("../../../"+room), "*.go")
	require.NoError(t, err)
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path.Join("../../..", room, name), nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		files = append(files, file)
	}
	require.NotEmpty(t, files, room)
	return files
}
