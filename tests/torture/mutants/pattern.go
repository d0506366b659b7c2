package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
)

// parsePattern parses an expression or a statement. It matches the nodes of
// equal structure: spaces, line breaks and comments do not matter. In a pattern
//
//	_        matches any expression, or any name
//	f(_...)  matches a call of f with any arguments
//	{ _ }    matches any block
func parsePattern(pattern string) (ast.Node, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc _() {\n"+pattern+"\n}", parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("bad pattern %q: %w", pattern, err)
	}
	s, err := one(file.Decls[0].(*ast.FuncDecl).Body.List, "a statement in the pattern")
	if x, ok := s.(*ast.ExprStmt); ok {
		return x.X, nil
	}
	return s, err
}

// matches reports whether n has the structure of pattern.
func matches(pattern, n ast.Node) bool {
	return same(reflect.ValueOf(&pattern).Elem(), reflect.ValueOf(&n).Elem())
}

// wild reports whether pattern is a wildcard that matches n.
func wild(pattern, n reflect.Value) bool {
	switch p := pattern.Interface().(type) {
	case *ast.Ident:
		_, isExpr := n.Interface().(ast.Expr)
		return p.Name == "_" && isExpr
	case *ast.CallExpr:
		call, isCall := n.Interface().(*ast.CallExpr)
		return p.Ellipsis.IsValid() && isBlank(p.Args[len(p.Args)-1]) && isCall && matches(p.Fun, call.Fun)
	case *ast.BlockStmt:
		_, isBlock := n.Interface().(*ast.BlockStmt)
		if len(p.List) != 1 || !isBlock {
			return false
		}
		x, ok := p.List[0].(*ast.ExprStmt)
		return ok && isBlank(x.X)
	}
	return false
}

func isBlank(x ast.Expr) bool {
	id, ok := x.(*ast.Ident)
	return ok && id.Name == "_"
}

// same compares the trees below two nodes, or parts of nodes, without their
// positions and comments.
func same(pattern, n reflect.Value) bool {
	switch pattern.Kind() {
	case reflect.Interface, reflect.Pointer:
		if pattern.IsNil() || n.IsNil() {
			return pattern.IsNil() && n.IsNil()
		}
		if wild(pattern, n) {
			return true
		}
		pattern, n = pattern.Elem(), n.Elem()
		return pattern.Type() == n.Type() && same(pattern, n)
	case reflect.Struct:
		for i := range pattern.NumField() {
			if !same(pattern.Field(i), n.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Slice:
		if pattern.Len() != n.Len() {
			return false
		}
		for i := range pattern.Len() {
			if !same(pattern.Index(i), n.Index(i)) {
				return false
			}
		}
		return true
	}
	return pattern.Type() == reflect.TypeFor[token.Pos]() || pattern.Equal(n)
}
