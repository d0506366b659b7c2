// Command mutants breaks the breaker on purpose, one way at a time, and shows
// that the histories of tests/torture notice; and that they do not mind changes
// that break nothing. The sources stay as they are: the compiler is given
// changed ones in their place (go test -overlay).
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
	flag.Parse()
	bad, tried := 0, 0
	for _, v := range variants {
		if !strings.Contains(v.name, *only) {
			continue
		}
		tried++
		begin := time.Now()
		verdict, err := try(v, *race)
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

// try tests one variant.
func try(v variant, race bool) (string, error) {
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	overlay, err := write(v, dir)
	if err != nil {
		return "", err
	}
	args := []string{"test", "-count=1", "-overlay", overlay, "-run", cmp.Or(v.run, "TestManyCallers"), "-timeout", "90s"}
	if race {
		args = append(args, "-race")
	}
	out, err := exec.Command("go", append(append(args, "./tests/torture", "-limit", "5s"), v.flags...)...).CombinedOutput()
	var failed *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &failed), strings.Contains(string(out), "[build failed]"):
		return "", fmt.Errorf("it cannot be tested: %w\n%s", err, out)
	case v.caught && err == nil:
		return "", errors.New("nobody noticed")
	case !v.caught && err != nil:
		return "", fmt.Errorf("a sound breaker was blamed\n%s", out)
	case v.caught:
		return "caught", nil
	}
	return "passes", nil
}

// write writes the changed sources and the overlay that names them.
func write(v variant, dir string) (string, error) {
	replace := map[string]string{}
	for i, c := range v.changes {
		file, err := filepath.Abs(c.file)
		if err != nil {
			return "", err
		}
		from := file
		if changed, ok := replace[file]; ok {
			from = changed
		}
		text, err := os.ReadFile(from)
		if err != nil {
			return "", fmt.Errorf("run it from the module's root: %w", err)
		}
		if n := strings.Count(string(text), c.from); n != 1 {
			return "", fmt.Errorf("change %d: its piece of %s is there %d times, not once", i+1, c.file, n)
		}
		replace[file] = filepath.Join(dir, fmt.Sprint(i, ".go"))
		if err := os.WriteFile(replace[file], []byte(strings.Replace(string(text), c.from, c.to, 1)), 0o600); err != nil {
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
