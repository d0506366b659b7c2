package tests

import (
	"flag"
	"fmt"
	"go/ast"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var rewrite = flag.Bool("rewrite", false, "write PROMISES.md")

// promiseLine matches the line in the comment of a test that states what it proves.
var promiseLine = regexp.MustCompile(`^Promise \(([^()|]+)\): ([^|]+\.)$`)

// promise is a sentence in a section of the page.
type promise struct{ section, sentence string }

// promisesOf returns the promises in the comment of a test.
func promisesOf(t *testing.T, s source, test *ast.FuncDecl) (all []promise) {
	for line := range strings.Lines(test.Doc.Text()) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "Promise") {
			continue
		}
		parts := promiseLine.FindStringSubmatch(line)
		require.NotNil(t, parts, "%s, %s: want one line, %q, not %q", s.path, test.Name, "Promise (section): sentence.", line)
		all = append(all, promise{parts[1], parts[2]})
	}
	return all
}

// eachTest calls fn for each function of a test file of the project.
func eachTest(t *testing.T, fn func(source, *ast.FuncDecl)) {
	for _, s := range sources(t) {
		for _, d := range s.syntax.Decls {
			if test, ok := d.(*ast.FuncDecl); ok && s.test() {
				fn(s, test)
			}
		}
	}
}

// Promise (Source code): Each test in tests/ and each fuzz target states its promise, and PROMISES.md lists them.
func TestEveryTestStatesItsPromise(t *testing.T) {
	eachTest(t, func(s source, test *ast.FuncDecl) {
		name := test.Name.Name
		isTest := strings.HasPrefix(name, "Test") && name != "TestMain" && s.in("tests")
		if isTest || strings.HasPrefix(name, "Fuzz") {
			require.NotEmpty(t, promisesOf(t, s, test), "%s, %s: its comment has no line %q", s.path, name, "Promise (section): sentence.")
		}
	})
}

// Promise (Source code): Each test in tests/ and each fuzz target states its promise, and PROMISES.md lists them.
func TestThePageOfPromisesIsUpToDate(t *testing.T) {
	want := promisesPage(t)
	if *rewrite {
		require.NoError(t, os.WriteFile("PROMISES.md", []byte(want), 0o644))
	}
	have, err := os.ReadFile("PROMISES.md")
	require.NoError(t, err)
	wanted, had := strings.Split(want, "\n"), strings.Split(string(have), "\n")
	for i := range min(len(wanted), len(had)) {
		require.Equal(t, wanted[i], had[i], "line %d of PROMISES.md; write it with: make promises", i+1)
	}
	require.Equal(t, len(wanted), len(had), "lines of PROMISES.md; write it with: make promises")
}

// promisesPage returns the text of PROMISES.md. It names no files, so it stays the same
// when tests move.
func promisesPage(t *testing.T) string {
	sections := map[string]map[string][]string{}
	eachTest(t, func(s source, test *ast.FuncDecl) {
		for _, p := range promisesOf(t, s, test) {
			if sections[p.section] == nil {
				sections[p.section] = map[string][]string{}
			}
			sections[p.section][p.sentence] = append(sections[p.section][p.sentence], test.Name.Name)
		}
	})
	text := &strings.Builder{}
	text.WriteString("# What is promised, and which test proves it\n\n" +
		"Written by `make promises` from the comments of the tests. [README.md](README.md) explains the tests.\n")
	for _, section := range slices.Sorted(maps.Keys(sections)) {
		fmt.Fprintf(text, "\n## %s\n\n| promise | proved by |\n|---|---|\n", section)
		for _, sentence := range slices.Sorted(maps.Keys(sections[section])) {
			tests := slices.Compact(slices.Sorted(slices.Values(sections[section][sentence])))
			fmt.Fprintf(text, "| %s | `%s` |\n", sentence, strings.Join(tests, "`, `"))
		}
	}
	return text.String()
}
