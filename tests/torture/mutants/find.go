package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
)

// finder finds places in the syntax trees of one package.
type finder struct {
	fset  *token.FileSet
	files []*ast.File
}

// span is a piece of one file.
type span struct{ from, to token.Pos }

// one returns the only element of found, or an error.
func one[T any](found []T, what string) (x T, err error) {
	if len(found) != 1 {
		return x, fmt.Errorf("found %d of %s, want 1", len(found), what)
	}
	return found[0], nil
}

// collect returns the nodes of type T in root for which keep is true.
func collect[T ast.Node](root ast.Node, keep func(T) bool) (found []T) {
	ast.Inspect(root, func(n ast.Node) bool {
		if t, ok := n.(T); ok && keep(t) {
			found = append(found, t)
		}
		return true
	})
	return found
}

// end finds the end of any file of the package.
func (f *finder) end(edit) (span, error) {
	end := f.files[0].FileEnd
	return span{end, end}, nil
}

// fields finds the end of the fields of a struct type.
func (f *finder) fields(e edit) (span, error) {
	var found []*ast.StructType
	for _, file := range f.files {
		for _, spec := range collect(file, func(s *ast.TypeSpec) bool { return s.Name.Name == e.scope }) {
			if t, ok := spec.Type.(*ast.StructType); ok {
				found = append(found, t)
			}
		}
	}
	t, err := one(found, "this struct type")
	if err != nil {
		return span{}, err
	}
	return span{t.Fields.Closing, t.Fields.Closing}, nil
}

// constant finds the value of a constant.
func (f *finder) constant(e edit) (span, error) {
	var found []ast.Expr
	for _, file := range f.files {
		for _, d := range collect(file, func(d *ast.GenDecl) bool { return d.Tok == token.CONST }) {
			for _, spec := range collect(d, func(*ast.ValueSpec) bool { return true }) {
				i := slices.IndexFunc(spec.Names, func(id *ast.Ident) bool { return id.Name == e.scope })
				if i >= 0 && i < len(spec.Values) {
					found = append(found, spec.Values[i])
				}
			}
		}
	}
	value, err := one(found, "this constant with a value")
	if err != nil {
		return span{}, err
	}
	return span{value.Pos(), value.End()}, nil
}

// block is a body of statements: of a function, or of a clause of a switch.
type block struct {
	node  ast.Node
	start token.Pos // before the first statement
	list  []ast.Stmt
}

// block finds the place of an edit.
func (f *finder) block(e edit) (block, error) {
	var found []*ast.FuncDecl
	for _, file := range f.files {
		for _, d := range file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil && fullName(fn) == e.scope {
				found = append(found, fn)
			}
		}
	}
	fn, err := one(found, "this function")
	if err != nil {
		return block{}, err
	}
	if e.clause == "" {
		return block{fn.Body, fn.Body.Lbrace + 1, fn.Body.List}, nil
	}
	value, err := parsePattern(e.clause)
	if err != nil {
		return block{}, err
	}
	clause, err := one(collect(fn, func(c *ast.CaseClause) bool {
		return slices.ContainsFunc(c.List, func(x ast.Expr) bool { return matches(value, x) })
	}), "this clause")
	if err != nil {
		return block{}, err
	}
	return block{clause, clause.Colon + 1, clause.Body}, nil
}

// fullName returns "Func", or "Type.Method".
func fullName(fn *ast.FuncDecl) string {
	if fn.Recv == nil {
		return fn.Name.Name
	}
	typ := fn.Recv.List[0].Type
	for {
		switch t := typ.(type) {
		case *ast.StarExpr:
			typ = t.X
		case *ast.IndexExpr:
			typ = t.X
		case *ast.IndexListExpr:
			typ = t.X
		case *ast.Ident:
			return t.Name + "." + fn.Name.Name
		default:
			return fn.Name.Name
		}
	}
}

func (f *finder) start(e edit) (span, error) {
	b, err := f.block(e)
	return span{b.start, b.start}, err
}

func (f *finder) body(e edit) (span, error) {
	b, err := f.block(e)
	if err != nil || len(b.list) == 0 {
		return span{b.start, b.start}, err
	}
	return span{b.list[0].Pos(), b.list[len(b.list)-1].End()}, nil
}

// path finds the node of an edit. It returns the nodes that contain it, and the
// node last.
func (f *finder) path(e edit) ([]ast.Node, error) {
	b, err := f.block(e)
	if err != nil {
		return nil, err
	}
	pattern, err := parsePattern(e.pattern)
	if err != nil {
		return nil, err
	}
	var found [][]ast.Node
	ast.PreorderStack(b.node, nil, func(n ast.Node, around []ast.Node) bool {
		if n != b.node && matches(pattern, n) {
			found = append(found, append(slices.Clone(around), n))
		}
		return true
	})
	return one(found, fmt.Sprintf("%q", e.pattern))
}

// node finds the node itself.
func (f *finder) node(e edit) (span, error) {
	path, err := f.path(e)
	if err != nil {
		return span{}, err
	}
	n := path[len(path)-1]
	return span{n.Pos(), n.End()}, nil
}

// statement finds the innermost statement that is or contains the node.
func (f *finder) statement(e edit) (span, error) {
	path, err := f.path(e)
	if err != nil {
		return span{}, err
	}
	for i := len(path) - 1; i > 0; i-- {
		s, ok := path[i].(ast.Stmt)
		if ok && slices.Contains(bodyOf(path[i-1]), s) {
			return span{s.Pos(), s.End()}, nil
		}
	}
	return span{}, fmt.Errorf("%q is in no statement", e.pattern)
}

func bodyOf(n ast.Node) []ast.Stmt {
	switch n := n.(type) {
	case *ast.BlockStmt:
		return n.List
	case *ast.CaseClause:
		return n.Body
	case *ast.CommClause:
		return n.Body
	}
	return nil
}

// operand finds the node and the && or || beside it.
func (f *finder) operand(e edit) (span, error) {
	path, err := f.path(e)
	if err != nil {
		return span{}, err
	}
	n := path[len(path)-1]
	b, ok := path[len(path)-2].(*ast.BinaryExpr)
	switch {
	case !ok || b.Op != token.LAND && b.Op != token.LOR:
		return span{}, fmt.Errorf("%q is no operand of && or ||", e.pattern)
	case n == b.X:
		return span{b.X.Pos(), b.Y.Pos()}, nil
	}
	return span{b.X.End(), b.Y.End()}, nil
}
