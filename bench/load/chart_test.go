package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheChartShowsEveryReply(t *testing.T) {
	ms := time.Millisecond
	plain := Outage{Length: 12 * time.Second, From: 4 * time.Second, To: 8 * time.Second, ReachedSick: 2, Replies: []reply{
		{due: time.Second, latency: ms, answered: true},
		{due: 5 * time.Second, latency: 250 * ms},
		{due: 6 * time.Second, latency: time.Minute},
	}}
	guarded := plain
	guarded.Guarded, guarded.ReachedSick = true, 1
	guarded.Replies = []reply{{latency: 0, answered: true}, {due: 6 * time.Second, latency: ms, answered: true, fallback: true}}

	file := filepath.Join(t.TempDir(), "chart.svg")
	require.NoError(t, Chart([]Outage{plain, guarded}).save(file))
	require.Subset(t, readable(t, file), []string{
		"live answer", "fallback", "error", "the dependency takes 250ms and fails",
		"plain http.Client", "answered: 33.3 %; calls to the sick dependency: 2",
		"guarded by timeout, breaker and fallback", "answered: 100.0 %; calls to the sick dependency: 1",
		"100µs", "1ms", "10ms", "100ms", "1s", "10s", "0s", "2s", "12s",
	})
	written, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, 5, strings.Count(string(written), "h.1"), "a dot for each reply")
	require.Regexp(t, `M[0-9.]+ [0-9.]+h\.1" stroke="`+blue, string(written), "one answer of a fallback")
}

// In real outages every error is of a request that reached the sick dependency,
// and with the guard every caller gets an answer.
func TestAnOutageIsSeenByTheCallersOfThePlainServiceOnly(t *testing.T) {
	o := options{rates: []int{100}, duration: 200 * time.Millisecond, concurrency: 50, breakers: 1}
	outages, err := measureOutages(t.Context(), o, newProgress(io.Discard, o))
	require.NoError(t, err)
	plain, guarded := outages[0], outages[1]
	require.False(t, plain.Guarded)
	require.EqualValues(t, plain.ReachedSick, len(plain.Replies)-plain.answered())
	require.True(t, guarded.Guarded)
	require.Equal(t, len(guarded.Replies), guarded.answered())
}
