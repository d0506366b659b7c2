package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// hystrix-go starts goroutines in init, and two for each circuit; they never end.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/afex/hystrix-go/hystrix.(*executorPool).Return"),
		goleak.IgnoreAnyFunction("github.com/afex/hystrix-go/hystrix.(*metricExchange).Monitor"),
		goleak.IgnoreAnyFunction("github.com/afex/hystrix-go/hystrix.(*poolMetrics).Monitor"),
	)
}

func TestBadFlagsExitTwo(t *testing.T) {
	for _, args := range [][]string{
		{"-rounds", "0"},
		{"-rounds", "many"},
		{"-slice", "0s"},
		{"-slice", "2m"},
		{"-breakers", "-1"},
		{"-callers", "2000000"},
		{"-only", "("},
		{"-chart", "chart.png"},
		{"-from", "RESULTS.md"},
		{"-no-such-flag"},
		{"argument"},
	} {
		var out, errs bytes.Buffer
		require.Equal(t, 2, run(args, &out, &errs), args)
		require.Empty(t, out.String(), args)
		require.Contains(t, errs.String(), "rivals: ", args)
	}
}

func TestHelpExitsZero(t *testing.T) {
	var errs bytes.Buffer
	require.Zero(t, run([]string{"-help"}, io.Discard, &errs))
	require.Contains(t, errs.String(), "-rounds")
}

func TestQuickRunsEverythingAndJudgesNothing(t *testing.T) {
	dir := t.TempDir()
	table, chart := filepath.Join(dir, "table.md"), filepath.Join(dir, "chart.svg")
	var out, errs bytes.Buffer
	require.Zero(t, run([]string{"-quick", "-markdown", table, "-chart", chart}, &out, &errs), errs.String())

	written, err := os.ReadFile(table)
	require.NoError(t, err)
	require.Equal(t, out.String(), string(written))
	for _, p := range Pairs() {
		require.Contains(t, out.String(), p.Rival.Name)
	}
	require.Contains(t, out.String(), "a breaker once asked")
	require.NotEmpty(t, readable(t, chart))
}

func TestMissesNameEveryTargetMissed(t *testing.T) {
	pair := Pair{Group: "a call", Rival: Contender{Name: "rival"}, Target: 0.5, Allocs: 1}
	report := Report{
		Clock: Clock{Rounds: 1, Slice: time.Second},
		Rows: []Row{
			{Pair: pair, OursCost: Figures{Ns: 5}, RivalCost: Figures{Ns: 10}},
			{Pair: pair, OursCost: Figures{Ns: 6}, RivalCost: Figures{Ns: 10}},
			{Pair: pair, OursCost: Figures{Ns: 1, Allocs: 2}, RivalCost: Figures{Ns: 10}},
			{Pair: Pair{Group: "not judged"}, OursCost: Figures{Ns: 99}, RivalCost: Figures{Ns: 1}},
		},
		Scale: []Finding{{"size", 401, "B", 400}, {"size", 400, "B", 400}, {"speed", 1e9, "ns", 0}},
	}
	require.Equal(t, []string{
		"a call, against rival: too slow",
		"a call, against rival: allocates",
		"size: 401 B, at most 400 B",
	}, report.Misses())

	var out bytes.Buffer
	require.NoError(t, report.Markdown(&out))
	require.Contains(t, out.String(), "| 5.00 | 10.0 | 0.50 ± 0 % | 0.50 ✓ |")
	require.Contains(t, out.String(), "| 6.00 | 10.0 | 0.60 ± 0 % | 0.50 **too slow** |")
}
