package tests

import (
	"go/ast"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	module     = "github.com/understudy-go/understudy"
	protoactor = "github.com/asynkron/protoactor-go"
)

// Promise (Source code): Imports go in one direction, and kinds of actors never import one another.
func TestImportsGoInOneDirection(t *testing.T) {
	type room struct {
		room  string
		below []string // rooms of the project it may import
	}
	rooms := []room{
		{"messages", nil},
		{"actors/internal", []string{"messages"}},
		{"system", []string{"messages"}},
		{"api/internal", []string{"messages", "actors", "system"}},
		{"api", []string{"messages", "actors", "system"}},
		{"cmd", []string{"api"}},
		{"examples", []string{"api"}},
		{"bench", []string{"messages", "actors", "system", "api"}},
		{"tests", []string{"messages", "actors", "system", "api"}},
	}
	for _, kind := range kinds(t) {
		rooms = append(rooms, room{"actors/" + kind, []string{"messages", "actors/internal"}})
	}
	for _, s := range sources(t) {
		if s.path == "doc.go" { // package understudy, which imports nothing
			require.Empty(t, s.imports)
			continue
		}
		i := slices.IndexFunc(rooms, func(r room) bool { return s.in(r.room) })
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
	for _, kind := range kinds(t) {
		for _, file := range []string{"doc.go", "config.go", "machine.go", "owner.go"} {
			require.FileExists(t, filepath.Join("..", "actors", kind, file))
		}
	}
}

// Promise (Source code): Messages are data, machines are pure, and every actor folder has the same files.
func TestMachinesArePure(t *testing.T) {
	parts := []string{"actors/breaker/window.go", "actors/retry/window.go", "actors/health/overall.go"} // of a machine, without a method of it
	banned := []string{"sync", "sync/atomic", "log", "log/slog", "context", "math/rand", "math/rand/v2"}
	checked := 0
	for _, s := range sources(t) {
		if s.test() || !s.fits("actors/*/machine.go") && !slices.Contains(parts, s.path) && !(s.in("actors") && hasMachineMethod(s)) {
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
	require.GreaterOrEqual(t, checked, 11, "every file of a machine was read")
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
		"CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "NOTICE", "README.md", "SECURITY.md", "go.mod", "go.sum", "go.work", "go.work.sum", "staticcheck.conf",
	}
	entries, err := os.ReadDir("..")
	require.NoError(t, err)
	for _, e := range entries {
		if name := e.Name(); !strings.HasPrefix(name, ".") && !slices.Contains([]string{".test", ".prof", ".out"}, filepath.Ext(name)) {
			require.Contains(t, expected, name)
		}
	}
}
