package torture

import (
	"flag"
	"log/slog"
	"testing"

	"go.uber.org/goleak"
)

// more multiplies how much is done: 1 is for every day, 100 for a night.
var more = flag.Int("more", 1, "do so many times more")

// seed is what all luck is drawn from. A failure names the seed that replays it.
var seed = flag.Uint64("seed", 1, "where luck begins")

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // timeouts of no system log there
	goleak.VerifyTestMain(m)
}

// limit ends a test that makes histories early.
var limit = flag.Duration("limit", 0, "make histories for so long at most")

// crashes says that the breaker under test was built to crash now and then:
// what a crashed owner was asked may be done or not.
var crashes = flag.Bool("crashes", false, "owners crash now and then")
