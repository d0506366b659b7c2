package main

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Promise (Torture): The soak has the usual flags and exit codes.
func TestBadFlagsExitTwo(t *testing.T) {
	for _, args := range [][]string{
		{"-for", "19s"},
		{"-for", "-1h"},
		{"-for", "soon"},
		{"-for", "721h"},
		{"-callers", "0"},
		{"-callers", "10001"},
		{"-seed", "-1"},
		{"-leak", "water"},
		{"-chart", "chart.png"},
		{"-no-such-flag"},
		{"argument"},
	} {
		var out, errs bytes.Buffer
		require.Equal(t, 2, run(t.Context(), args, &out, &errs), args)
		require.Empty(t, out.String(), args)
		require.Contains(t, errs.String(), "soak: ", args)
	}
}

// Promise (Torture): The soak has the usual flags and exit codes.
func TestHelpExitsZero(t *testing.T) {
	var errs bytes.Buffer
	require.Zero(t, run(t.Context(), []string{"-help"}, io.Discard, &errs))
	require.Contains(t, errs.String(), "-leak")
}

// A real run is interrupted after its first sample. It shuts everything down,
// leaves nothing behind, and reports what it has.
//
// Promise (Torture): The soak reports each kind of leak, and mistakes no noise, sawtooth or spike for one.
func TestAnInterruptedRunReportsWhatItHas(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	interrupt := writerFunc(func(b []byte) (int, error) {
		cancel() // after the first sample
		return len(b), nil
	})
	table := filepath.Join(t.TempDir(), "report.md")
	var out bytes.Buffer
	require.Equal(t, 130, run(ctx, []string{"-callers", "4", "-markdown", table}, &out, interrupt), out.String())
	require.Contains(t, out.String(), "| live heap | - | - | - | - | - | not judged |")
	require.NotContains(t, out.String(), "BROKEN")
	written, err := os.ReadFile(table)
	require.NoError(t, err)
	require.Equal(t, out.String(), string(written))
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// series returns a value for each second.
func series(seconds int, value func(i int, random *rand.Rand) float64) (at []time.Duration, values []float64) {
	random := rand.New(rand.NewPCG(1, 2))
	for i := range seconds {
		at, values = append(at, time.Duration(i)*time.Second), append(values, value(i, random))
	}
	return at, values
}

// Promise (Torture): The soak reports each kind of leak, and mistakes no noise, sawtooth or spike for one.
func TestVerdict(t *testing.T) {
	l := limit{much: 10, share: 0.1}
	for _, row := range []struct {
		name    string
		seconds int
		value   func(i int, random *rand.Rand) float64
		leak    bool
	}{
		{"flat", 45, func(int, *rand.Rand) float64 { return 100 }, false},
		{"noise", 45, func(_ int, random *rand.Rand) float64 { return 100 + 50*random.Float64() }, false},
		{"noise for a day", 86_400, func(_ int, random *rand.Rand) float64 { return 100 + 50*random.Float64() }, false},
		{"falling", 45, func(i int, _ *rand.Rand) float64 { return 1000 - 5*float64(i) }, false},
		{"a saw", 60, func(i int, _ *rand.Rand) float64 { return 100 + 5*float64(i%10) }, false},
		{"a spike at the end", 45, func(i int, _ *rand.Rand) float64 { return 100 + 1000*float64(i/42) }, false},
		{"a rise that is allowed", 45, func(i int, _ *rand.Rand) float64 { return 1000 + float64(i) }, false},
		{"a steady climb", 45, func(i int, _ *rand.Rand) float64 { return 100 + float64(i) }, true},
		{"a climb in noise", 45, func(i int, random *rand.Rand) float64 { return 100 + 2*float64(i) + 40*random.Float64() }, true},
		{"a climb with wild points", 45, func(i int, _ *rand.Rand) float64 { return 100 + float64(i) - 90*float64(i%9/8) }, true},
		{"a climb in steps", 60, func(i int, _ *rand.Rand) float64 { return 100 + 20*float64(i/15) }, true},
		{"a slow climb for a day", 86_400, func(i int, random *rand.Rand) float64 { return 100 + float64(i)/2000 + 10*random.Float64() }, true},
	} {
		v := judging(series(row.seconds, row.value))(l)
		require.True(t, v.judged, row.name)
		require.Equal(t, row.leak, v.leak, "%s: %+v", row.name, v)
	}
}

func judging(at []time.Duration, values []float64) func(limit) verdict {
	return func(l limit) verdict { return judge(at, values, l) }
}

// Promise (Torture): The soak reports each kind of leak, and mistakes no noise, sawtooth or spike for one.
func TestTooLittleIsNotJudged(t *testing.T) {
	climb := func(i int, _ *rand.Rand) float64 { return float64(1000 * i) }
	require.False(t, judging(series(fewest-1, climb))(limit{}).judged)
	require.True(t, judging(series(fewest, climb))(limit{}).leak)
	require.False(t, judging(series(100, func(int, *rand.Rand) float64 { return -1 }))(limit{}).judged, "what cannot be had")
}

// Each way to leak is found by the measure of the same name.
//
// Promise (Torture): The soak reports each kind of leak, and mistakes no noise, sawtooth or spike for one.
func TestEachLeakIsSeen(t *testing.T) {
	of := map[string]func(sample) float64{
		"memory":      func(s sample) float64 { return s.heap },
		"timers":      func(s sample) float64 { return s.timers },
		"descriptors": func(s sample) float64 { return s.descriptors },
	}
	for name, value := range of {
		before, held := value(take(0)), new([]any)
		for range 100 {
			leaking[name](held)
		}
		after := value(take(0))
		require.True(t, after >= before+100 || after == -1, "%s: %v before, %v after", name, before, after)
		for _, h := range *held {
			switch h := h.(type) {
			case *time.Timer:
				h.Stop()
			case *os.File:
				require.NoError(t, h.Close())
			}
		}
	}
}
