package main

import (
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

const (
	root   = "../../.." // of the module
	module = "github.com/understudy-go/understudy/"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Promise (Torture): Every mutant finds its places in the sources, and compiles.
func TestEveryVariantCompiles(t *testing.T) {
	exports := exports(t)
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			read, err := load(root, v)
			require.NoError(t, err)
			changed, err := v.apply(read)
			require.NoError(t, err)
			require.NotEqual(t, read, changed)
			c := &compiler{fset: token.NewFileSet(), changed: changed, own: map[string]*types.Package{}}
			c.others = importer.ForCompiler(c.fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
			for _, dir := range v.dirs() {
				_, err := c.Import(module + dir)
				require.NoError(t, err)
			}
		})
	}
}

// exports returns the export data files of the packages that the library imports,
// by import path.
func exports(t *testing.T) map[string]string {
	list := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", "./api/...")
	list.Dir = root
	list.Stderr = os.Stderr
	out, err := list.Output()
	require.NoError(t, err)
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		pkg, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		files[pkg] = file
	}
	return files
}

// compiler type-checks packages of this module from their sources, some of which
// are changed. It is also the importer for them.
type compiler struct {
	fset    *token.FileSet
	changed sources
	own     map[string]*types.Package
	others  types.Importer
}

func (c *compiler) Import(pkg string) (*types.Package, error) {
	dir, own := strings.CutPrefix(pkg, module)
	if !own {
		return c.others.Import(pkg)
	}
	if p, ok := c.own[pkg]; ok {
		return p, nil
	}
	p, err := build.ImportDir(filepath.Join(root, dir), 0)
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, name := range p.GoFiles {
		var text any // nil: read the file
		if changed, ok := c.changed[path.Join(dir, name)]; ok {
			text = changed
		}
		file, err := parser.ParseFile(c.fset, filepath.Join(p.Dir, name), text, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	conf := types.Config{Importer: c}
	checked, err := conf.Check(pkg, c.fset, files, nil)
	c.own[pkg] = checked
	return checked, err
}
