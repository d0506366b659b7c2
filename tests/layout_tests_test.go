package tests

import (
	"go/ast"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A test may sleep only in a synctest bubble, where time is virtual. A helper may
// sleep only in a package whose tests have bubbles. Tests in bench, cmd and
// torture may sleep: they need real time or real concurrency.
//
// Promise (Source code): No test waits in real time, skips, or polls. Every package with tests checks for leaked goroutines.
func TestNoTestWaitsInRealTime(t *testing.T) {
	packages := map[string][]*ast.FuncDecl{}
	for _, s := range sources(t) {
		if s.test() && !s.in("bench") && !s.in("cmd") && !s.in("tests/torture") {
			for _, d := range s.syntax.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
					dir := path.Dir(s.path)
					packages[dir] = append(packages[dir], fn)
				}
			}
		}
	}
	for dir, fns := range packages {
		bubbles := reach(fns, func(fn *ast.FuncDecl) bool { return calls(fn, "synctest", "Test") })
		for _, fn := range fns {
			name := fn.Name.Name
			if !calls(fn, "time", "Sleep", "After", "Tick") {
				continue
			}
			require.NotEmpty(t, bubbles, "%s in %s sleeps, and there is no bubble", name, dir)
			if strings.HasPrefix(name, "Test") {
				require.True(t, bubbles[name], "%s in %s sleeps outside a bubble", name, dir)
			}
		}
	}
}

// reach returns the names of the functions for which has is true, and of those
// that call one of them.
func reach(fns []*ast.FuncDecl, has func(*ast.FuncDecl) bool) map[string]bool {
	found := map[string]bool{}
	for grew := true; grew; {
		grew = false
		for _, fn := range fns {
			if !found[fn.Name.Name] && (has(fn) || callsAny(fn, found)) {
				found[fn.Name.Name], grew = true, true
			}
		}
	}
	return found
}

func callsAny(fn *ast.FuncDecl, names map[string]bool) (found bool) {
	ast.Inspect(fn, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			callee, ok := call.Fun.(*ast.Ident)
			found = found || ok && names[callee.Name]
		}
		return true
	})
	return found
}

// Promise (Source code): No test waits in real time, skips, or polls. Every package with tests checks for leaked goroutines.
func TestNoTestIsSkippedOrHopes(t *testing.T) {
	for _, s := range sources(t) {
		if !s.test() {
			continue
		}
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				for _, banned := range []string{"Skip", "Skipf", "SkipNow", "Eventually", "EventuallyWithT", "Never"} {
					require.NotEqual(t, banned, sel.Sel.Name, s.path)
				}
			}
			return true
		})
	}
}

// Promise (Source code): No test waits in real time, skips, or polls. Every package with tests checks for leaked goroutines.
func TestEveryPackageWithTestsWatchesItsGoroutines(t *testing.T) {
	watched := map[string]bool{}
	for _, s := range sources(t) {
		if s.test() && (s.in("actors") || s.in("system") || s.in("api") || s.in("examples") || s.in("tests")) {
			dir := path.Dir(s.path)
			watched[dir] = watched[dir] || calls(s.syntax, "goleak", "VerifyTestMain")
		}
	}
	for dir, ok := range watched {
		require.True(t, ok, "%s has no TestMain with goleak", dir)
	}
}
