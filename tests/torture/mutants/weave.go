package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
)

// yields declares the function that woven files call before each of their statements.
var yields = messages.declare(`// Yield lets other goroutines run, now and then.
	func Yield() {
		for range max(0, rand.IntN(8)-4) {
			runtime.Gosched()
		}
	}`)

// wovenFiles hold the protocol between callers, owners and timeouts.
var wovenFiles = []string{
	"actors/breaker/cells.go", "actors/breaker/handle.go", "actors/breaker/lease.go", "actors/breaker/owner.go",
	"actors/internal/ask/ask.go", "actors/internal/owner/once.go", "system/mailbox.go",
	"api/internal/pipeline/abort.go", "api/internal/pipeline/deadline.go", "api/internal/pipeline/decide.go",
	"api/internal/pipeline/detach.go", "api/internal/pipeline/gate.go", "api/internal/pipeline/hold.go",
}

// woven are the library with a yield before every statement of its protocol, so that
// its goroutines meet in ways that are rare without.
var woven = []variant{
	{name: "woven: yields in the protocol, under histories", woven: wovenFiles, edits: []edit{yields}},
	{name: "woven: yields in the protocol, under trees of policies", woven: wovenFiles, run: trees, edits: []edit{yields}},
	{name: "woven: yields in the protocol, under many at once", woven: wovenFiles, run: "AllAtOnce|AtTheLimit|TestNothing|TestAClassifier|TestAStorm|TestABreakerGives", flags: quick, edits: []edit{yields}},
	{name: "woven: yields in the protocol, under whole systems", woven: wovenFiles, run: "TestWholeSystems|UnderFire", flags: []string{"-days", "0.02"}, edits: []edit{yields}},
}

// weave returns text with a call of Yield before every statement.
func weave(text string) (string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "", text, parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	var at []int
	for _, body := range collect(file, func(n ast.Node) bool { return bodyOf(n) != nil }) {
		for _, s := range bodyOf(body) {
			switch s.(type) {
			case *ast.CaseClause, *ast.CommClause: // in the block of a switch
			default:
				at = append(at, int(s.Pos()-file.FileStart))
			}
		}
	}
	slices.Sort(at)
	for _, offset := range slices.Backward(at) {
		text = text[:offset] + "messages.Yield(); " + text[offset:]
	}
	return withImports(text, "messages.Yield()")
}
