package tests

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// CI tests the modules that go.work uses.
//
// Promise (Source code): go.work uses every module. Nested modules require one real version of the main module and replace it.
func TestTheWorkspaceUsesEveryModule(t *testing.T) {
	work, err := os.ReadFile("../go.work")
	require.NoError(t, err)
	var used []string
	for _, use := range regexp.MustCompile(`(?m)^\t\./(\S+)$`).FindAllStringSubmatch(string(work), -1) {
		used = append(used, use[1])
	}
	require.ElementsMatch(t, nestedModules(t), used)
}

// A user of a nested module gets the version of the main module that it
// requires, so that version must exist.
//
// Promise (Source code): go.work uses every module. Nested modules require one real version of the main module and replace it.
func TestNestedModulesRequireOneRealVersion(t *testing.T) {
	requires := regexp.MustCompile(`(?m)^(?:\t|require )` + module + `(?:/\S+)? (v\S+)`)
	versions := map[string][]string{}
	for _, dir := range nestedModules(t) {
		mod, err := os.ReadFile(path.Join("..", dir, "go.mod"))
		require.NoError(t, err)
		require.Contains(t, string(mod), "replace "+module+" => "+strings.Repeat("../", strings.Count(dir, "/"))+"..\n", dir)
		found := requires.FindAllStringSubmatch(string(mod), -1)
		require.NotEmpty(t, found, "%s does not require %s", dir, module)
		for _, f := range found {
			require.NotContains(t, f[1], "v0.0.0", dir)
			versions[f[1]] = append(versions[f[1]], dir)
		}
	}
	require.Len(t, versions, 1, "modules of one release require one version")
}

// nestedModules returns the folders below the root that have a go.mod. The tools in
// .ci use nothing of the project.
func nestedModules(t *testing.T) (dirs []string) {
	t.Helper()
	require.NoError(t, fs.WalkDir(os.DirFS(".."), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.HasPrefix(name, ".") && name != "." {
			return fs.SkipDir
		}
		if err == nil && path.Base(name) == "go.mod" && name != "go.mod" {
			dirs = append(dirs, path.Dir(name))
		}
		return err
	}))
	return dirs
}
