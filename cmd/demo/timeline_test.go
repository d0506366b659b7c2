package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMomentsAreTheScenesInTheOrderOfTime(t *testing.T) {
	scenes := []Scene{
		{"late", 0.5, 0.75, Stopped},
		{"early", 0.1, 0.6, Slow},
	}
	require.Equal(t, []Moment{
		{1 * time.Second, "early", Slow},
		{5 * time.Second, "late", Stopped},
		{6 * time.Second, "early", Well},
		{7500 * time.Millisecond, "late", Well},
	}, moments(scenes, 10*time.Second))
	require.Empty(t, moments(nil, time.Second))
}

func TestTheScriptShowsEveryMoodAndEndsWell(t *testing.T) {
	shown := map[Mood]bool{}
	ends := map[string]float64{}
	for _, s := range script {
		require.Contains(t, serviceNames, s.Service)
		require.Less(t, s.From, s.To)
		require.GreaterOrEqual(t, s.From, ends[s.Service], "scenes of %s overlap", s.Service)
		require.LessOrEqual(t, s.To, 0.86, "no time left to recover")
		ends[s.Service] = s.To
		shown[s.Mood] = true
	}
	for m := Busy; m <= Slow; m++ {
		require.True(t, shown[m], "nobody %v", m)
	}
	last := map[string]Mood{}
	for _, m := range moments(script, shortest) {
		last[m.Service] = m.Mood
	}
	for _, name := range serviceNames {
		require.Equal(t, Well, last[name])
	}
}
