package tests

import (
	"go/ast"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// README.md is the index of this folder and those below it: it names every test
// here and every fuzz target of the project, and none that does not exist.
func TestThePromisesAreAllNamed(t *testing.T) {
	page, err := os.ReadFile("README.md")
	require.NoError(t, err)
	named := map[string]bool{}
	for _, name := range regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9]+)`").FindAllStringSubmatch(string(page), -1) {
		named[name[1]] = true
	}
	exist := map[string]bool{}
	for _, s := range sources(t) {
		if !s.test() {
			continue
		}
		for _, d := range s.syntax.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			name := fn.Name.Name
			exist[name] = true
			test := strings.HasPrefix(name, "Test") && name != "TestMain" && s.in("tests")
			if test || strings.HasPrefix(name, "Fuzz") {
				require.True(t, named[name], "README.md does not name %s of %s", name, s.path)
			}
		}
	}
	for name := range named {
		require.True(t, exist[name], "README.md names %s, which does not exist", name)
	}
}
