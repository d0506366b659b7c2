package tests

import (
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// page is one of the pages that users read.
type page struct {
	path string // from this folder
	text string
}

func pages(t *testing.T) (all []page) {
	t.Helper()
	paths, err := filepath.Glob("../docs/*.md")
	require.NoError(t, err)
	for _, path := range append(paths, "../README.md", "../CONTRIBUTING.md", "../examples/README.md") {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		all = append(all, page{path, string(text)})
	}
	return all
}

// readme returns README.md.
func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	return string(text)
}

// quotation matches a block of code that a page quotes from a file.
var quotation = regexp.MustCompile("(?s)<!-- from: (\\S+) -->\n```\\w+\n(.*?)```\n")

// Promise (Pages): A quotation of a file in a page is the text of that file.
func TestThePagesQuoteTheExamples(t *testing.T) {
	quoted := 0
	for _, p := range pages(t) {
		for _, q := range quotation.FindAllStringSubmatch(p.text, -1) {
			file, err := os.ReadFile(filepath.Join("..", q[1]))
			require.NoError(t, err, p.path)
			require.Contains(t, string(file), q[2], "%s quotes %s", p.path, q[1])
			quoted++
		}
	}
	require.GreaterOrEqual(t, quoted, 1)
}

// Promise (Pages): The program of the README is an example of the package.
func TestTheProgramOfTheReadmeIsAnExample(t *testing.T) {
	q := quotation.FindStringSubmatch(readme(t))
	require.NotNil(t, q)
	require.Equal(t, "examples/quickstart/main.go", q[1])
	example, err := os.ReadFile("../api/readme_example_test.go")
	require.NoError(t, err)
	program := strings.NewReplacer(
		"package api_test", "package main",
		"func Example_quickstart()", "func main()",
		"\t// Output: paid\n", "",
	).Replace(string(example))
	require.Equal(t, q[2], program)
}

// goBlock matches a block of Go in a page.
var goBlock = regexp.MustCompile("(?s)```go\n(.*?)```\n")

// Promise (Pages): The code in the pages is formatted Go, and uses only names that the package has.
func TestTheCodeInThePagesIsGo(t *testing.T) {
	exported := exportedNames(t)
	for _, p := range pages(t) {
		for _, block := range goBlock.FindAllStringSubmatch(p.text, -1) {
			code := block[1]
			formatted, err := format.Source([]byte(code))
			require.NoError(t, err, "%s:\n%s", p.path, code)
			require.Equal(t, string(formatted), code, p.path)
			for _, name := range regexp.MustCompile(`\bunderstudy\.([A-Z]\w*)`).FindAllStringSubmatch(code, -1) {
				require.True(t, exported[name[1]], "%s: the package has no %s", p.path, name[1])
			}
		}
	}
}

// exportedNames returns the names that the package api declares.
func exportedNames(t *testing.T) map[string]bool {
	names := map[string]bool{}
	files, err := filepath.Glob("../api/*.go")
	require.NoError(t, err)
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					names[d.Name.Name] = true
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						names[spec.Name.Name] = true
					case *ast.ValueSpec:
						for _, name := range spec.Names {
							names[name.Name] = true
						}
					}
				}
			}
		}
	}
	return names
}

// Promise (Pages): The links in the pages point to files that exist.
func TestTheLinksInThePagesLead(t *testing.T) {
	code := regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")
	link := regexp.MustCompile(`\]\(([^)#]+)(#[^)]*)?\)`)
	for _, p := range pages(t) {
		for _, l := range link.FindAllStringSubmatch(code.ReplaceAllString(p.text, ""), -1) {
			if !strings.Contains(l[1], "://") {
				_, err := os.Stat(filepath.Join(filepath.Dir(p.path), l[1]))
				require.NoError(t, err, "%s links to %s", p.path, l[1])
			}
		}
	}
}
