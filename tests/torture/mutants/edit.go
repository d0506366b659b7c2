package main

// edit changes one place in a package. Its code may use any package in imports;
// the import is added to the file.
type edit struct {
	dir     string // of the package, from the module's root
	scope   string // "Func", "Type.Method", or the name of a type or constant
	clause  string // "T": only within the clause "case T" of the scope
	pattern string // of the node in the scope; see parsePattern
	code    string // the new code; $ is the node that was found
	find    func(*finder, edit) (span, error)
}

// String returns the place, for errors.
func (e edit) String() string {
	place := e.dir
	if e.scope != "" {
		place += ", " + e.scope
	}
	if e.clause != "" {
		place += ", case " + e.clause
	}
	return place
}

// pkg is the directory of a package, from the module's root. Its methods make
// edits.
type pkg string

// declare adds a declaration.
func (p pkg) declare(code string) edit {
	return edit{dir: string(p), code: "\n" + code + "\n", find: (*finder).end}
}

// field adds fields to a struct type.
func (p pkg) field(typ, code string) edit {
	return edit{dir: string(p), scope: typ, code: "\n" + code + "\n", find: (*finder).fields}
}

// constant replaces the value of a constant.
func (p pkg) constant(name, code string) edit {
	return edit{dir: string(p), scope: name, code: code, find: (*finder).constant}
}

// in returns the place in which function, "Func" or "Type.Method", is edited.
func (p pkg) in(function string) place { return place{dir: string(p), scope: function} }

// place is a function, or a clause of its switches. Its methods make edits.
type place edit

// inCase narrows a place to the clause "case expression".
func (p place) inCase(expression string) place {
	p.clause = expression
	return p
}

func (p place) with(pattern, code string, find func(*finder, edit) (span, error)) edit {
	p.pattern, p.code, p.find = pattern, code, find
	return edit(p)
}

// start inserts statements at the start.
func (p place) start(code string) edit { return p.with("", "\n"+code+"\n", (*finder).start) }

// body replaces all statements.
func (p place) body(code string) edit { return p.with("", code, (*finder).body) }

// before inserts statements before the statement that is or contains the node.
func (p place) before(pattern, code string) edit {
	return p.with(pattern, code+"\n$", (*finder).statement)
}

// after inserts statements after the statement that is or contains the node.
func (p place) after(pattern, code string) edit {
	return p.with(pattern, "$\n"+code, (*finder).statement)
}

// around inserts statements before and after the statement that is or contains
// the node.
func (p place) around(pattern, code string) edit {
	return p.with(pattern, code+"\n$\n"+code, (*finder).statement)
}

// replace replaces the node.
func (p place) replace(pattern, code string) edit { return p.with(pattern, code, (*finder).node) }

// remove removes the node, which is a statement.
func (p place) remove(pattern string) edit { return p.with(pattern, "", (*finder).node) }

// drop removes the node, which is an operand of && or ||, and the operator.
func (p place) drop(pattern string) edit { return p.with(pattern, "", (*finder).operand) }
