package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestBadFlagsExitTwo(t *testing.T) {
	for _, args := range [][]string{
		{"-rates", ""},
		{"-rates", "fast"},
		{"-rates", "100,0"},
		{"-rates", "100001"},
		{"-duration", "1ms"},
		{"-duration", "1h"},
		{"-duration", "soon"},
		{"-concurrency", "0"},
		{"-concurrency", "10001"},
		{"-breakers", "0"},
		{"-breakers", "100001"},
		{"-chart", "chart.png"},
		{"-no-such-flag"},
		{"argument"},
	} {
		var out, errs bytes.Buffer
		require.Equal(t, 2, run(t.Context(), args, &out, &errs), args)
		require.Empty(t, out.String(), args)
		require.Contains(t, errs.String(), "load: ", args)
	}
}

func TestHelpExitsZero(t *testing.T) {
	var errs bytes.Buffer
	require.Zero(t, run(t.Context(), []string{"-help"}, io.Discard, &errs))
	require.Contains(t, errs.String(), "-rates")
}

// In a real run over HTTP the guard answers all requests, and few of them reach
// the sick dependency.
func TestQuickRunShowsWhatTheGuardDoes(t *testing.T) {
	dir := t.TempDir()
	table, chart := filepath.Join(dir, "table.md"), filepath.Join(dir, "chart.svg")
	var out, errs bytes.Buffer
	require.Zero(t, run(t.Context(), []string{"-quick", "-breakers", "3", "-markdown", table, "-chart", chart}, &out, &errs), errs.String())
	written, err := os.ReadFile(table)
	require.NoError(t, err)
	require.Equal(t, out.String(), string(written))
	require.Equal(t, 2+8, strings.Count(out.String(), "\n"))
	require.Equal(t, 8, strings.Count(errs.String(), "p99"))
	require.Contains(t, readable(t, chart), "guarded by timeout, breaker and fallback")
}

func TestTheGuardAnswersWhileTheDependencyIsSick(t *testing.T) {
	o := options{duration: 300e6, concurrency: 50, breakers: 1}
	p := newProgress(io.Discard, o)
	plain, err := measureStep(t.Context(), o, 100, true, false, p)
	require.NoError(t, err)
	guarded, err := measureStep(t.Context(), o, 100, true, true, p)
	require.NoError(t, err)
	require.Zero(t, plain.Answered)
	require.Equal(t, int64(plain.Sent), plain.Reached)
	require.Equal(t, guarded.Sent, guarded.Answered)
	require.Less(t, guarded.Reached, plain.Reached)
}

func TestInterruptedRunShowsWhatItHas(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	interrupt := writerFunc(func(b []byte) (int, error) {
		cancel() // after the first step
		return len(b), nil
	})
	var out bytes.Buffer
	require.Equal(t, 130, run(ctx, []string{"-quick"}, &out, interrupt))
	require.Equal(t, 2+1, strings.Count(out.String(), "\n"))
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func TestShare(t *testing.T) {
	require.Equal(t, "-", share(0, 0))
	require.Equal(t, "0.0 %", share(0, 7))
	require.Equal(t, "33.3 %", share(1, 3))
	require.Equal(t, "100.0 %", share(5, 5))
}
