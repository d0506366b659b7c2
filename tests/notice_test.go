package tests

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Promise (Source code): NOTICE holds the license of each module that a program links when it imports the library.
func TestTheNoticeIsUpToDate(t *testing.T) {
	want := noticePage(t)
	if *rewrite {
		require.NoError(t, os.WriteFile("../NOTICE", []byte(want), 0o644))
	}
	have, err := os.ReadFile("../NOTICE")
	require.NoError(t, err)
	require.True(t, want == string(have), "NOTICE is not up to date; write it with: make notice")
}

// noticePage returns the text of NOTICE. It names no versions, because a program may
// link later ones.
func noticePage(t *testing.T) string {
	text := &strings.Builder{}
	text.WriteString("understudy\nIts license is in the file LICENSE.\n\n" +
		"A program that imports it links the modules below. Written by `make notice`.\n")
	folders := linkedModules(t)
	for _, module := range slices.Sorted(maps.Keys(folders)) {
		fmt.Fprintf(text, "\n%s\n%s\n", strings.Repeat("-", 80), module)
		for _, name := range []string{"LICENSE*", "NOTICE*", "PATENTS*"} {
			files, err := filepath.Glob(filepath.Join(folders[module], name))
			require.NoError(t, err)
			require.False(t, name == "LICENSE*" && len(files) != 1, "%s has not one license: %q", module, files)
			for _, file := range files {
				fmt.Fprintf(text, "\n%s\n", noticeOf(t, file))
			}
		}
	}
	return text.String()
}

// noticeOf returns the text of a file, with the name of the Apache License instead of
// its text, which stands in LICENSE.
func noticeOf(t *testing.T, file string) string {
	read, err := os.ReadFile(file)
	require.NoError(t, err)
	const first, last = "Apache License\n", "limitations under the License."
	text := strings.TrimSpace(strings.ReplaceAll(string(read), "\r\n", "\n"))
	if apache, more, found := strings.Cut(text, last); found && strings.HasPrefix(apache, first) {
		require.NotRegexp(t, `\n *Copyright [^[{]`, apache, file) // it names no holder
		text = strings.TrimSpace("Apache License, Version 2.0" + more)
	}
	return text
}

// linkedModules returns the modules that the library links on one system or another,
// with their folders.
func linkedModules(t *testing.T) map[string]string {
	folders := map[string]string{}
	for _, system := range []string{"linux", "darwin", "windows", "freebsd"} {
		list := exec.CommandContext(t.Context(), "go", "list", "-deps",
			"-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Dir}}{{end}}{{end}}", "./api/...")
		list.Dir, list.Env = "..", append(os.Environ(), "GOWORK=off", "GOOS="+system)
		out, err := list.CombinedOutput()
		require.NoError(t, err, string(out))
		for line := range strings.Lines(string(out)) {
			if module, dir, found := strings.Cut(strings.TrimSpace(line), " "); found {
				folders[module] = dir
			}
		}
	}
	return folders
}
