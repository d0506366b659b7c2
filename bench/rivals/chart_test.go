package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The chart in the repository is readable and shows every figure of RESULTS.md.
func TestTheChartShowsEveryResult(t *testing.T) {
	results, err := os.ReadFile("RESULTS.md")
	require.NoError(t, err)
	measured, rows := readTables(string(results))
	require.Len(t, rows, bytes.Count(results, []byte("±")), "a row of RESULTS.md has no pair: run rivals again")
	texts := readable(t, "chart.svg")
	require.Contains(t, texts, measured)
	for _, row := range rows {
		require.Contains(t, texts, figure(row.OursCost.Ns))
		require.Contains(t, texts, figure(row.RivalCost.Ns))
	}
}

func TestRedrawShowsTheRowsOfATable(t *testing.T) {
	chart := filepath.Join(t.TempDir(), "chart.svg")
	require.Zero(t, run([]string{"-from", "RESULTS.md", "-chart", chart}, io.Discard, io.Discard))
	require.NotEmpty(t, readable(t, chart))

	empty := filepath.Join(t.TempDir(), "empty.md")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	var errs bytes.Buffer
	require.Equal(t, 1, run([]string{"-from", empty, "-chart", chart}, io.Discard, &errs))
	require.Contains(t, errs.String(), "empty.md: no row")
}

// Whatever the figures are, no text overlaps another.
func TestTheChartIsReadableWithAnyFigures(t *testing.T) {
	for _, costs := range [][2]float64{{1, 1}, {0.3, 9_999}, {123_456, 12}, {99.9, 100}} {
		rows := []Row{
			{Pair: Pair{Group: "a group"}, OursCost: Figures{Ns: costs[0]}, RivalCost: Figures{Ns: costs[1]}},
			{Pair: Pair{Group: "another", Case: "<&>"}, OursCost: Figures{Ns: costs[1]}, RivalCost: Figures{Ns: costs[0]}},
		}
		rows[1].Rival.Name = "rival"
		chart := filepath.Join(t.TempDir(), "chart.svg")
		require.NoError(t, Chart("measured", rows).save(chart))
		texts := readable(t, chart)
		for _, want := range []string{"A group", "Another", "rival, <&>", figure(costs[0]), figure(costs[1])} {
			require.Contains(t, texts, want)
		}
	}
}

func TestLossesReadAsLosses(t *testing.T) {
	chart := filepath.Join(t.TempDir(), "chart.svg")
	require.NoError(t, Chart("", []Row{
		{Pair: Pair{Group: "g"}, OursCost: Figures{Ns: 10}, RivalCost: Figures{Ns: 25}},
		{Pair: Pair{Group: "g"}, OursCost: Figures{Ns: 25}, RivalCost: Figures{Ns: 10}},
		{Pair: Pair{Group: "g"}, OursCost: Figures{Ns: 10.4}, RivalCost: Figures{Ns: 10}},
		{Pair: Pair{Group: "g"}, OursCost: Figures{Ns: 10}, RivalCost: Figures{Ns: 995}},
	}).save(chart))
	require.Subset(t, readable(t, chart), []string{"2.5× faster", "2.5× slower", "1.04× slower", "100× faster"})
}
