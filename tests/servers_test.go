package tests

import (
	"go/ast"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// limits are the fields of http.Server without which slow clients stay for ever, or
// send as much as they like.
var limits = []string{"ReadHeaderTimeout", "WriteTimeout", "MaxHeaderBytes"}

// Promise (Health over HTTP and gRPC): Every server of the examples, the commands and the pages limits how long a client may take, and how much it may send.
func TestEveryServerHasLimits(t *testing.T) {
	servers := 0
	for _, s := range sources(t) {
		if s.test() || !s.in("examples") && !s.in("cmd") {
			continue
		}
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			literal, ok := n.(*ast.CompositeLit)
			if !ok || !isServer(literal.Type) {
				return true
			}
			servers++
			fields := map[string]bool{}
			for _, element := range literal.Elts {
				if field, ok := element.(*ast.KeyValueExpr); ok {
					fields[field.Key.(*ast.Ident).Name] = true
				}
			}
			for _, limit := range limits {
				require.True(t, fields[limit], "a server in %s has no %s", s.path, limit)
			}
			return true
		})
	}
	for _, p := range pages(t) {
		for _, block := range regexp.MustCompile("(?s)```go\n.*?```").FindAllString(p.text, -1) {
			if strings.Contains(block, "http.Server{") {
				servers++
				for _, limit := range limits {
					require.Contains(t, block, limit, p.path)
				}
			}
			require.NotContains(t, block, "http.ListenAndServe(", "%s: it has no limits", p.path)
		}
	}
	require.GreaterOrEqual(t, servers, 3)
}

// isServer reports whether a type is http.Server.
func isServer(of ast.Expr) bool {
	sel, ok := of.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != "Server" {
		return false
	}
	pkg, ok := sel.X.(*ast.Ident)
	return ok && pkg.Name == "http"
}
