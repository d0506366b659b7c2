// Command mutants breaks the library on purpose, in one way at a time, and shows
// that the tests of tests/torture, or of another package, fail; and that they pass
// after a change that breaks nothing. The sources do not change: go test -overlay replaces them.
//
//	go run ./tests/torture/mutants                  all variants; from the module's root
//	go run ./tests/torture/mutants -only epoch      those with "epoch" in their names
//
// A variant is a list of edits (variants.go). An edit finds its place in the
// syntax tree, by package, function and pattern, so code may move within its
// function, and functions within their package. The tests of this package report
// an edit that finds no place.
package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	race := flag.Bool("race", false, "with the race detector")
	only := flag.String("only", "", "only variants whose name contains this")
	limit := flag.Duration("limit", 5*time.Second, "how long each test of histories runs")
	flag.Parse()
	bad, tried := 0, 0
	for _, v := range variants {
		if !strings.Contains(v.name, *only) {
			continue
		}
		tried++
		begin := time.Now()
		verdict, err := try(v, *race, *limit)
		if err != nil {
			bad++
			verdict = "WRONG: " + err.Error()
		}
		fmt.Printf("%-70s %s (%.0f s)\n", v.name, verdict, time.Since(begin).Seconds())
	}
	if tried == 0 {
		fmt.Fprintf(os.Stderr, "no variant has %q in its name\n", *only)
		os.Exit(2)
	}
	if bad > 0 {
		os.Exit(1)
	}
}

// try runs the tests on one variant.
func try(v variant, race bool, limit time.Duration) (string, error) {
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	overlay, err := write(v, dir)
	if err != nil {
		return "", err
	}
	args := []string{"test", "-count=1", "-failfast", "-overlay", overlay, "-run", cmp.Or(v.run, "TestManyCallers"), "-timeout", (90*time.Second + 4*limit).String()}
	if race {
		args = append(args, "-race")
	}
	tests := cmp.Or(v.tests, torture)
	args = append(args, "./"+string(tests))
	if tests == torture {
		args = append(args, "-limit", limit.String())
	}
	out, err := exec.Command("go", append(args, v.flags...)...).CombinedOutput()
	var failed *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &failed), strings.Contains(string(out), "[build failed]"):
		return "", fmt.Errorf("it cannot be tested: %w\n%s", err, out)
	case v.caught && err == nil:
		return "", errors.New("no test failed")
	case !v.caught && err != nil:
		return "", fmt.Errorf("a test failed, although the variant is sound\n%s", out)
	case strings.Contains(string(out), "panic: test timed out"):
		return "caught by the time limit", nil
	case v.caught:
		return "caught", nil
	}
	return "passes", nil
}

// write writes the changed sources of a variant and the overlay that names them.
// It returns the path of the overlay.
func write(v variant, dir string) (string, error) {
	read, err := load(".", v)
	if err != nil {
		return "", err
	}
	changed, err := v.apply(read)
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	for name, text := range changed {
		if text == read[name] {
			continue
		}
		file, err := filepath.Abs(name)
		if err != nil {
			return "", err
		}
		replace[file] = filepath.Join(dir, fmt.Sprint(len(replace), ".go"))
		if err := os.WriteFile(replace[file], []byte(text), 0o600); err != nil {
			return "", err
		}
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, data, 0o600)
}
