package torture

import (
	"flag"
	"log/slog"
	"testing"

	"go.uber.org/goleak"
)

// more multiplies the work: 1 is for every day, 100 for a night.
var more = flag.Int("more", 1, "multiplies the work")

// seed is the seed of all random numbers. A failure names the seed that replays
// it.
var seed = flag.Uint64("seed", 1, "the seed of all random choices")

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // timeouts of no system log there
	goleak.VerifyTestMain(m)
}

// limit bounds the time for which a test makes histories.
var limit = flag.Duration("limit", 0, "stop making histories after this time; 0: never")

// crashes is set when the library was built to crash at random. An operation on
// which an owner crashes may be done or not.
var crashes = flag.Bool("crashes", false, "owners crash now and then")
