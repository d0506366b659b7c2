package main

import (
	"cmp"
	"slices"
	"time"
)

// Mood is how a service behaves.
type Mood int

// The moods of a service. The zero value is Well.
const (
	Well      Mood = iota
	Busy           // answers 503 with Retry-After
	Hanging        // takes requests and never answers
	Resetting      // resets one connection in five in the middle of the answer
	Stopped        // its listener is closed: connection refused
	Slow           // answers correctly, and late
)

// String returns the mood as the demo prints it.
func (m Mood) String() string {
	return [...]string{"is well again", "answers 503, Retry-After: 1", "takes requests and hangs",
		"resets one connection in five", "is stopped: connection refused", "turns slow"}[m]
}

// Scene is a stretch of the script in which a service is not well.
type Scene struct {
	Service  string
	From, To float64 // shares of the whole run
	Mood     Mood
}

// script is the outage that the demo plays. Circuits open in all scenes except
// the one with resets, which retries repair unless five come in a row. From 0.86
// on everything is well, so that the end shows the recovery.
var script = []Scene{
	{"payments", 0.10, 0.25, Busy},
	{"reviews", 0.28, 0.36, Resetting},
	{"catalog", 0.39, 0.56, Hanging},
	{"reviews", 0.60, 0.72, Stopped},
	{"payments", 0.76, 0.86, Slow},
}

// Moment is when a service changes its mood.
type Moment struct {
	At      time.Duration // since the start
	Service string
	Mood    Mood
}

// moments stretches the scenes over a run, in the order of time.
func moments(scenes []Scene, run time.Duration) []Moment {
	var all []Moment
	for _, s := range scenes {
		all = append(all,
			Moment{share(s.From, run), s.Service, s.Mood},
			Moment{share(s.To, run), s.Service, Well})
	}
	slices.SortStableFunc(all, func(a, b Moment) int { return cmp.Compare(a.At, b.At) })
	return all
}

// share returns that part of the run.
func share(part float64, run time.Duration) time.Duration {
	return time.Duration(part * float64(run)).Round(time.Millisecond)
}
