package api

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// BreakersCheck returns one check that summarizes breakers; ShowBreakers makes a
// check of each. The check is DEGRADED while any of the breakers is not CLOSED, and
// its details name those breakers with their states. It is never UNHEALTHY, because
// an open circuit means that its breaker does its work; use Strict to change that.
// Without arguments the check covers all breakers, including those made later. It
// only reads states, so a short Interval is cheap:
//
//	health.Register("circuits", understudy.CheckConfig{Interval: time.Second}, system.BreakersCheck())
//
// If one of the breakers is nil, the check is nil, and Register refuses it.
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

// summarize returns the result of BreakersCheck.
func summarize(breakers []*Breaker) (Details, error) {
	const maxNames = 10 // in the message
	details := Details{}
	var names []string
	for _, b := range breakers {
		state := b.State()
		if state == Closed {
			continue
		}
		details[b.Name()] = state.String()
		if len(names) < maxNames {
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
