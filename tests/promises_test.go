package tests

import (
	"go/ast"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// README.md is the index of this folder: it names every test here, and no other.
func TestThePromisesAreAllNamed(t *testing.T) {
	page, err := os.ReadFile("README.md")
	require.NoError(t, err)
	named := map[string]bool{}
	for _, name := range regexp.MustCompile("`(Test[A-Za-z]+)`").FindAllStringSubmatch(string(page), -1) {
		named[name[1]] = true
	}
	for _, s := range sources(t) {
		if !s.fits("tests/*_test.go") {
			continue
		}
		for _, d := range s.syntax.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(fn.Name.Name, "Test") && fn.Name.Name != "TestMain" {
				require.True(t, named[fn.Name.Name], "README.md does not name %s", fn.Name.Name)
				delete(named, fn.Name.Name)
			}
		}
	}
	require.Empty(t, named, "README.md names tests that do not exist")
}
