package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// reportOf returns a report of n samples, one a second. In a sample all measures
// have the same value.
func reportOf(n int, value func(second int) float64) *report {
	r := &report{options: options{duration: time.Duration(n) * time.Second}, took: time.Duration(n) * time.Second, warmUp: 10 * time.Second}
	for i := range n {
		v := value(i)
		r.samples = append(r.samples, sample{time.Duration(i) * time.Second, v, v, v, v, v, v})
	}
	r.judge()
	return r
}

// drawn returns the texts and the source of the chart of a report.
func drawn(t *testing.T, r *report) (texts []string, source string) {
	file := filepath.Join(t.TempDir(), "chart.svg")
	require.NoError(t, r.chart().save(file))
	written, err := os.ReadFile(file)
	require.NoError(t, err)
	return readable(t, file), string(written)
}

// Promise (Torture): The chart of the soak shows each measure with its trend and its limit.
func TestTheChartShowsEveryMeasureAndItsLimit(t *testing.T) {
	texts, source := drawn(t, reportOf(100, func(second int) float64 { return 1e6 + float64(second%7) }))
	for _, m := range measures {
		require.Contains(t, texts, m.name)
	}
	require.Subset(t, texts, []string{"trend +0.0, limit +2.0 MiB", "trend +0.0, limit +15.0 MiB", "trend +0.0, limit +250000.8"})
	require.Equal(t, len(measures), strings.Count(source, "<polyline"))
	require.Equal(t, len(measures)+1, strings.Count(source, "dasharray"), "a limit in each panel and in the legend")
	require.Zero(t, strings.Count(source, trendLine(red)))
}

// Promise (Torture): The chart of the soak shows a leak in red.
func TestTheChartShowsALeakInRed(t *testing.T) {
	r := reportOf(100, func(second int) float64 { return float64(50 * second) })
	require.True(t, r.failed())
	_, source := drawn(t, r)
	require.Equal(t, 3, strings.Count(source, trendLine(red)), "goroutines, timers and descriptors")
}

func trendLine(colour string) string { return `stroke="` + colour + `" stroke-width="3"` }

// Promise (Torture): A soak that is too short is not judged.
func TestTheChartOfAShortRunJudgesNothing(t *testing.T) {
	texts, source := drawn(t, reportOf(5, func(int) float64 { return 0 }))
	require.Contains(t, texts, "not judged")
	require.Equal(t, 1, strings.Count(source, "dasharray"), "only in the legend")
}

// Promise (Torture): The chart of the soak leaves out what the system cannot measure.
func TestTheChartLeavesOutWhatTheSystemLacks(t *testing.T) {
	r := reportOf(50, func(int) float64 { return 100 })
	for i := range r.samples {
		r.samples[i].rss = -1
	}
	texts, source := drawn(t, r)
	require.NotContains(t, texts, "resident memory")
	require.Equal(t, len(measures)-1, strings.Count(source, "<polyline"))
}

// Promise (Torture): The axes of the chart of the soak have round steps.
func TestNice(t *testing.T) {
	for value, want := range map[float64]float64{0: 1, 1: 1, 1.1: 1.2, 8.4: 10, 44.5: 50, 130: 160, 801: 1000, 123_456: 160_000} {
		require.Equal(t, want, nice(value), value)
	}
}

// Promise (Torture): The axes of the chart of the soak have round steps.
func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0s", 59 * time.Second: "59s", 5 * time.Minute: "5m", 8 * time.Hour: "8h", 90 * time.Second: "1m30s", 61 * time.Minute: "1h1m"} {
		require.Equal(t, want, span(d))
	}
}
