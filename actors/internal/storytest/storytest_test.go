package storytest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// FuzzReplay: only steps change, each is played once and in order, and a story
// that was replayed replays without a difference.
//
// Promise (Torture): A story that was rewritten replays without a difference.
func FuzzReplay(f *testing.F) {
	f.Add("words\n0s call -> admitted\n\n1s  tick ->\n")
	f.Add("->")
	f.Add("a b -> c -> d\r\n\xff \xfe->")
	f.Fuzz(func(t *testing.T, text string) {
		played := 0
		step := func(words []string) string {
			played++
			return fmt.Sprint(played, " ", strings.Join(words, " "))
		}
		replayed, err := replay(text, step)
		if err != nil {
			require.ErrorContains(t, err, "a step is")
			return
		}
		require.Equal(t, played, steps(text))
		before, after := strings.Split(text, "\n"), strings.Split(replayed, "\n")
		require.Len(t, after, len(before))
		for i := range before {
			if words, _, isStep := strings.Cut(before[i], "->"); isStep {
				require.True(t, strings.HasPrefix(after[i], words+"-> "), "%q became %q", before[i], after[i])
			} else {
				require.Equal(t, before[i], after[i])
			}
		}
		played = 0
		again, err := replay(replayed, step)
		require.NoError(t, err)
		require.Equal(t, replayed, again)
	})
}

// steps counts the lines with an arrow.
func steps(text string) (n int) {
	for line := range strings.SplitSeq(text, "\n") {
		if strings.Contains(line, "->") {
			n++
		}
	}
	return n
}
