// Package storytest replays the stories in a package's testdata. It is for tests.
//
// A line with an arrow is a step: the time and the input, an arrow, and what
// happened. All other lines are text for the reader.
package storytest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write what happened into the stories")

// Play replays every story in a subtest. newStep is called once per story. It
// returns a function that plays one step, given the words before the arrow, and
// returns what happened.
func Play(t *testing.T, newStep func(t *testing.T) func(words []string) string) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories in testdata: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { play(t, file, newStep(t)) })
	}
}

func play(t *testing.T, file string, step func(words []string) string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	replayed, err := replay(string(text), step)
	if err != nil {
		t.Fatal(err)
	}
	if *rewrite {
		if err := os.WriteFile(file, []byte(replayed), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if replayed != string(text) {
		t.Errorf("the story has changed; it says now:\n%s", replayed)
	}
}

// replay plays each step and returns the story with what happened.
func replay(text string, step func(words []string) string) (string, error) {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		before, _, ok := strings.Cut(line, "->")
		if !ok {
			continue
		}
		words := strings.Fields(before)
		if len(words) < 2 {
			return "", fmt.Errorf("a step is a time and an input: %q", line)
		}
		lines[i] = before + "-> " + step(words)
	}
	return strings.Join(lines, "\n"), nil
}
