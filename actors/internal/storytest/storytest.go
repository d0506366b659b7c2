// Package storytest plays the stories in a package's testdata. It is for tests.
//
// A line with an arrow is a step: what is done at a moment, and what the
// machine makes of it. All other lines are words for the reader.
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

// Play plays every story, each on a stage of its own. newStage returns the
// function that makes one step, given its words, and says what came of it.
func Play(t *testing.T, newStage func(t *testing.T) func(words []string) string) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories in testdata: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { play(t, file, newStage(t)) })
	}
}

func play(t *testing.T, file string, step func(words []string) string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	told, err := tell(string(text), step)
	if err != nil {
		t.Fatal(err)
	}
	if *rewrite {
		if err := os.WriteFile(file, []byte(told), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if told != string(text) {
		t.Errorf("the story has changed; it says now:\n%s", told)
	}
}

// tell returns the story with what came of each step.
func tell(text string, step func(words []string) string) (string, error) {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		before, _, ok := strings.Cut(line, "->")
		if !ok {
			continue
		}
		words := strings.Fields(before)
		if len(words) < 2 {
			return "", fmt.Errorf("a step is a moment and what happens: %q", line)
		}
		lines[i] = before + "-> " + step(words)
	}
	return strings.Join(lines, "\n"), nil
}
