package api

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// BreakersCheck returns one check that sums up circuit breakers (ShowBreakers
// shows each as a check of its own): DEGRADED while any
// of them is not CLOSED, with the state of each such one in its details. An
// open circuit means that its breaker does its work, so it never takes the
// service down (see Strict for that). Without arguments it looks at all
// breakers, those made later included. It reads states and calls nobody, so a
// short Interval is cheap:
//
//	health.Register("circuits", understudy.CheckConfig{Interval: time.Second}, system.BreakersCheck())
//
// A nil breaker makes a nil check, which Register refuses.
func (s *System) BreakersCheck(breakers ...*Breaker) Check {
	if slices.Contains(breakers, nil) {
		return nil
	}
	breakers = slices.Clone(breakers)
	return func(context.Context) (Details, error) {
		if len(breakers) == 0 {
			return summarize(s.Breakers())
		}
		return summarize(breakers)
	}
}

func summarize(breakers []*Breaker) (Details, error) {
	const most = 10 // names in the message
	details := Details{}
	var names []string
	for _, b := range breakers {
		state := b.State()
		if state == Closed {
			continue
		}
		details[b.Name()] = state.String()
		if len(names) < most {
			names = append(names, fmt.Sprintf("%s %v", b.Name(), state))
		}
	}
	if len(details) == 0 {
		return details, nil
	}
	if more := len(details) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return details, Degrade(fmt.Sprintf("%d of %d circuits not closed: %s", len(details), len(breakers), strings.Join(names, ", ")))
}
