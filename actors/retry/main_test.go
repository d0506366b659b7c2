package retry

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noon is when every table begins.
var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// at reads "1s" as one second past noon.
func at(t testing.TB, past string) time.Time {
	t.Helper()
	d, err := time.ParseDuration(past)
	if err != nil {
		t.Fatalf("not a time: %q", past)
	}
	return noon.Add(d)
}
