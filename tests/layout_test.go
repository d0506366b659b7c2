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

const (
	module     = "github.com/understudy-go/understudy"
	protoactor = "github.com/asynkron/protoactor-go"
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

// Promise (Source code): Imports go in one direction, and kinds of actors never import one another.
func TestImportsGoInOneDirection(t *testing.T) {
	rooms := []struct {
		room  string
		below []string // rooms of the project it may import
	}{
		{"messages", nil},
		{"actors/internal", []string{"messages"}},
		{"actors/breaker", []string{"messages", "actors/internal"}},
		{"actors/retry", []string{"messages", "actors/internal"}},
		{"actors/health", []string{"messages", "actors/internal"}},
		{"system", []string{"messages"}},
		{"api/internal", []string{"messages", "actors", "system"}},
		{"api", []string{"messages", "actors", "system"}},
		{"cmd", []string{"api"}},
		{"examples", []string{"api"}},
		{"bench", []string{"messages", "actors", "system", "api"}},
		{"tests", []string{"messages", "actors", "system", "api"}},
	}
	for _, s := range sources(t) {
		if s.path == "doc.go" { // package understudy, which imports nothing
			require.Empty(t, s.imports)
			continue
		}
		i := slices.IndexFunc(rooms, func(r struct {
			room  string
			below []string
		}) bool {
			return s.in(r.room)
		})
		require.GreaterOrEqual(t, i, 0, "%s lies in no room", s.path)
		for _, pkg := range s.imports {
			own, ours := strings.CutPrefix(pkg, module+"/")
			if !ours || below(own, rooms[i].room) {
				continue
			}
			allowed := slices.ContainsFunc(rooms[i].below, func(room string) bool { return below(own, room) })
			require.True(t, allowed, "%s must not import %s", s.path, own)
		}
	}
}

// Promise (Source code): Only the system imports the actor library, and the library imports nothing else from outside.
func TestOnlyTheSystemKnowsTheActorLibrary(t *testing.T) {
	for _, s := range sources(t) {
		if s.in("system") || s.in("bench") {
			continue
		}
		for _, pkg := range s.imports {
			require.False(t, below(pkg, protoactor), "%s imports %s", s.path, pkg)
		}
	}
}

// Promise (Source code): Only the system imports the actor library, and the library imports nothing else from outside.
func TestTheLibraryItselfNeedsNothingElse(t *testing.T) {
	for _, s := range sources(t) {
		inLibrary := s.in("messages") || s.in("actors") || s.in("system") || s.in("api/internal") || s.fits("api/*.go")
		if s.test() || !inLibrary {
			continue
		}
		for _, pkg := range s.imports {
			require.True(t, standard(pkg) || below(pkg, module) || below(pkg, protoactor), "%s imports %s", s.path, pkg)
		}
	}
}

// Promise (Source code): Messages are data, machines are pure, and every actor folder has the same files.
func TestMessagesAreData(t *testing.T) {
	for _, s := range sources(t) {
		if !s.in("messages") || s.test() {
			continue
		}
		for _, pkg := range s.imports {
			require.True(t, standard(pkg), "%s imports %s", s.path, pkg)
		}
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			fields, ok := n.(*ast.StructType)
			if !ok {
				return true
			}
			ast.Inspect(fields, func(n ast.Node) bool {
				switch n.(type) {
				case *ast.FuncType, *ast.ChanType:
					require.Failf(t, "no functions, no channels", "in a struct of %s", s.path)
				}
				return true
			})
			return true
		})
	}
}

// Promise (Source code): Messages are data, machines are pure, and every actor folder has the same files.
func TestEveryActorFolderReadsAlike(t *testing.T) {
	for _, kind := range []string{"breaker", "retry", "health"} {
		for _, file := range []string{"doc.go", "config.go", "machine.go", "owner.go"} {
			require.FileExists(t, filepath.Join("..", "actors", kind, file))
		}
	}
}

// Promise (Source code): Messages are data, machines are pure, and every actor folder has the same files.
func TestMachinesArePure(t *testing.T) {
	machines := map[string][]string{
		"breaker": {"machine", "trial", "window", "shown"},
		"retry":   {"machine", "window"},
		"health":  {"machine", "schedule", "history", "view", "overall"},
	}
	banned := []string{"sync", "sync/atomic", "log", "log/slog", "context", "math/rand", "math/rand/v2"}
	checked := 0
	for _, s := range sources(t) {
		kind, file := path.Split(strings.TrimPrefix(s.path, "actors/"))
		if !slices.Contains(machines[path.Clean(kind)], strings.TrimSuffix(file, ".go")) {
			continue
		}
		checked++
		for _, pkg := range s.imports {
			require.NotContains(t, banned, pkg, s.path)
			require.False(t, below(pkg, protoactor), s.path)
		}
		require.False(t, calls(s.syntax, "time", "Now", "Since", "Until", "Sleep", "AfterFunc", "NewTimer", "After", "Tick"),
			"%s reads a clock", s.path)
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			_, starts := n.(*ast.GoStmt)
			require.False(t, starts, "%s starts a goroutine", s.path)
			return true
		})
	}
	require.Equal(t, 11, checked, "every file of a machine was read")
}

// Promise (Source code): No package is unsafe, and the top folder holds nothing unexpected.
func TestNothingUnsafe(t *testing.T) {
	for _, s := range sources(t) {
		if s.path != "api/checks/disk_windows.go" { // a system call that takes pointers
			require.NotContains(t, s.imports, "unsafe", s.path)
		}
		for _, group := range s.syntax.Comments {
			for _, c := range group.List {
				require.False(t, strings.HasPrefix(c.Text, "//go:"+"linkname"), s.path)
			}
		}
	}
}

// Promise (Source code): No package is unsafe, and the top folder holds nothing unexpected.
func TestNothingUnexpectedAtTheTop(t *testing.T) {
	expected := []string{
		"actors", "api", "bench", "cmd", "docs", "examples", "messages", "system", "tests", "doc.go",
		"CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "SECURITY.md", "go.mod", "go.sum", "go.work", "go.work.sum", "staticcheck.conf",
	}
	entries, err := os.ReadDir("..")
	require.NoError(t, err)
	for _, e := range entries {
		if name := e.Name(); !strings.HasPrefix(name, ".") && !slices.Contains([]string{".test", ".prof", ".out"}, filepath.Ext(name)) {
			require.Contains(t, expected, name)
		}
	}
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
