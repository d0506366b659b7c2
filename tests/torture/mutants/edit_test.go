package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const toy pkg = "toy"

const file = "toy/toy.go"

// program returns the text of package toy with a declaration.
func program(declaration string) string { return "package toy\n" + declaration }

// requireSame requires equal texts, except for their layout.
func requireSame(t *testing.T, expected, actual string) {
	t.Helper()
	layout := strings.NewReplacer(" ", "", "\t", "", "\n", "", ";", "")
	require.Equal(t, layout.Replace(expected), layout.Replace(actual))
}

// Promise (Torture): An edit of a mutant finds its place by structure and changes nothing else. If it finds none, its error names the place.
func TestStatementsAreEdited(t *testing.T) {
	run := toy.in("T.run")
	for _, row := range []struct {
		name, before, after string
		edit                edit
	}{
		{"before", "n := 1; return f(n)", "n := 1\ng()\nreturn f(n)", run.before(`f(_)`, `g()`)},
		{"before a whole if", "if x := f(1); x { h() }", "g()\nif x := f(1); x { h() }", run.before(`f(_)`, `g()`)},
		{"after", "n := f(1) // one", "n := f(1)\ng() // one", run.after(`f(1)`, `g()`)},
		{"around", "if a { f() }", "if a { g()\nf()\ng() }", run.around(`f()`, `g()`)},
		{"start", "f()", "\ng()\nf()", run.start(`g()`)},
		{"body", "f()\n// h\nh()", "g()", run.body(`g()`)},
		{"body of a clause", "switch x { case 1: f()\ncase 2: f() }", "switch x { case 1: f()\ncase 2: g() }", run.inCase(`2`).body(`g()`)},
		{"start of a clause", "switch x { case 1: f() }", "switch x { case 1: g()\nf() }", run.inCase(`1`).start(`g()`)},
		{"within a clause", "switch x.(type) { case *a: f()\ncase b: f() }", "switch x.(type) { case *a: f()\ng()\ncase b: f() }", run.inCase(`*a`).after(`f()`, `g()`)},
		{"replace an expression", "return a.b > 0", "return (a.b > 0) == c", run.replace(`a.b > 0`, `($) == c`)},
		{"replace a statement", "n := f(a)", "go f(a)", run.replace(`n := f(a)`, `go f(a)`)},
		{"remove", "f()\nn++\ng()", "f()\n\ng()", run.remove(`n++`)},
		{"drop the first operand", "return a && b || c", "return b || c", run.drop(`a`)},
		{"drop the last operand", "return a && b || c", "return a && b", run.drop(`c`)},
		{"so many arguments", "return f(a) + f(a, b)", "return 1 + f(a, b)", run.replace(`f(a)`, `1`)},
		{"any expression", "return f(a, g(b))", "return 1", run.replace(`f(_, _)`, `1`)},
		{"any arguments", "return f(a, g(b))", "return 1", run.replace(`f(_...)`, `1`)},
		{"any name", "return a.b.f(1)", "return 1", run.replace(`_.f(_)`, `1`)},
		{"any block", "if a { f(); g() }", "h()", run.replace(`if a { _ }`, `h()`)},
		{"layout does not matter", "return f(\na, // the first\nb,\n)", "return 1", run.replace(`f(a, b)`, `1`)},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := sources{file: program("func (t *T) run() {\n" + row.before + "\n}\nfunc run() { f() }")}
			require.NoError(t, s.edit(row.edit))
			requireSame(t, program("func (t *T) run() {\n"+row.after+"\n}\nfunc run() { f() }"), s[file])
		})
	}
}

// Promise (Torture): An edit of a mutant finds its place by structure and changes nothing else. If it finds none, its error names the place.
func TestDeclarationsAreEdited(t *testing.T) {
	for _, row := range []struct {
		name, before, after string
		edit                edit
	}{
		{"field", "type T struct{ a int }", "type T struct{ a int\nb bool\n}", toy.field("T", `b bool`)},
		{"constant", "const (\na = 1\nb = 2\n)", "const (\na = 1\nb = 3\n)", toy.constant("b", `3`)},
		{"declare", "var a int", "var a int\n\nvar b int", toy.declare(`var b int`)},
		{"method of a generic type", "func (t *T[A]) run() { f() }", "func (t *T[A]) run() {}", toy.in("T.run").body(``)},
		{"missing import", "func run() {}", "import \"runtime\"\nfunc run() { runtime.GC() }", toy.in("run").start(`runtime.GC()`)},
		{"import that is there", "import \"runtime\"\nfunc run() {}", "import \"runtime\"\nfunc run() { runtime.GC() }", toy.in("run").start(`runtime.GC()`)},
		{"field with the name of a package", "func run() {}", "func run() { t.runtime.GC() }", toy.in("run").start(`t.runtime.GC()`)},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := sources{file: program(row.before)}
			require.NoError(t, s.edit(row.edit))
			requireSame(t, program(row.after), s[file])
		})
	}
}

// A function is found in any file of its package, and in no other package.
//
// Promise (Torture): An edit of a mutant finds its place by structure and changes nothing else. If it finds none, its error names the place.
func TestFilesDoNotMatter(t *testing.T) {
	other := program("func run() { f() }")
	s := sources{file: program("var a int"), "toy/run.go": program("func run() { f() }"), "toys/run.go": other}
	require.NoError(t, s.edit(toy.in("run").replace(`f()`, `g()`)))
	requireSame(t, program("func run() { g() }"), s["toy/run.go"])
	require.Equal(t, other, s["toys/run.go"])
}

// Promise (Torture): An edit of a mutant finds its place by structure and changes nothing else. If it finds none, its error names the place.
func TestAnEditThatFindsNoPlaceNamesIt(t *testing.T) {
	run := toy.in("run")
	for _, row := range []struct {
		edit edit
		err  string
	}{
		{run.remove(`h()`), `variant "v": toy, run: found 0 of "h()", want 1`},
		{run.remove(`f()`), `variant "v": toy, run: found 2 of "f()", want 1`},
		{run.inCase(`3`).remove(`f()`), `variant "v": toy, run, case 3: found 0 of this clause, want 1`},
		{run.drop(`a`), `variant "v": toy, run: "a" is no operand of && or ||`},
		{run.replace(`f(`, `g()`), `variant "v": toy, run: bad pattern "f("`},
		{run.replace(`a`, `}`), `variant "v": toy, run: after the edit: `},
		{toy.in("T.run").remove(`f()`), `variant "v": toy, T.run: found 0 of this function, want 1`},
		{toy.field("T", `a int`), `variant "v": toy, T: found 0 of this struct type, want 1`},
		{toy.constant("c", `1`), `variant "v": toy, c: found 0 of this constant with a value, want 1`},
		{pkg("top").declare(`var a int`), `variant "v": top: found no Go files`},
	} {
		s := sources{file: program("func run() { f()\nif a { f() } }")}
		_, err := variant{name: "v", edits: []edit{row.edit}}.apply(s)
		require.ErrorContains(t, err, row.err)
	}
}

// Promise (Torture): An edit of a mutant finds its place by structure and changes nothing else. If it finds none, its error names the place.
func TestEveryStatementIsWoven(t *testing.T) {
	got, err := weave("package toy\nfunc run() int {\n\tif x := f(); x > 0 {\n\t\tg()\n\t}\n\tswitch {\n\tcase f() > 1:\n\t\treturn 1\n\t}\n\tdefer func() { g() }()\n\treturn 2\n}")
	require.NoError(t, err)
	requireSame(t, `package toy
		import "github.com/understudy-go/understudy/messages"
		func run() int {
			messages.Yield(); if x := f(); x > 0 { messages.Yield(); g() }
			messages.Yield(); switch { case f() > 1: messages.Yield(); return 1 }
			messages.Yield(); defer func() { messages.Yield(); g() }()
			messages.Yield(); return 2
		}`, got)
}
