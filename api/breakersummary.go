package api

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// BreakersCheck returns one check that summarizes breakers; ShowBreakers makes a
// check of each. The check is DEGRADED while any of the breakers is not CLOSED, and
// its details name those breakers with their states. It is never UNHEALTHY, because
// an open circuit means that its breaker does its work; use Strict to change that.
// Without arguments the check covers all breakers, including those made later. A
// breaker that is given twice counts once. The check only reads states, so a short
// Interval is cheap:
//
//	health.Register("circuits", understudy.CheckConfig{Interval: time.Second}, system.BreakersCheck())
//
// If one of the breakers is nil, the check is nil, and Register refuses it.
func (s *System) BreakersCheck(breakers ...*Breaker) Check {
	if slices.Contains(breakers, nil) {
		return nil
	}
	breakers = slices.Clone(breakers)
	slices.SortFunc(breakers, func(a, b *Breaker) int { return cmp.Compare(a.Name(), b.Name()) })
	breakers = slices.Compact(breakers)
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
		names = append(names, fmt.Sprintf("%s %v", b.Name(), state))
	}
	if len(names) == 0 {
		return details, nil
	}
	open := len(names)
	if open > maxNames {
		names = append(names[:maxNames], fmt.Sprintf("and %d more", open-maxNames))
	}
	return details, Degrade(fmt.Sprintf("%d of %d circuits not closed: %s", open, len(breakers), strings.Join(names, ", ")))
}
