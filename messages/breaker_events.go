package messages

import (
	"fmt"
	"log/slog"
	"time"
)

// BreakerChanged reports that a circuit breaker changed its state or its mode.
type BreakerChanged struct {
	Name     string
	From, To State
	Reason   string // in a few words: "5 failures", "reset timeout is over", "service recovered"
	Failures int    // failures that count towards the change; 0 if they had no part in it
	At       time.Time
}

func (BreakerChanged) event() {}

// Log returns a WARN if the breaker is OPEN now, else an INFO.
func (e BreakerChanged) Log() (slog.Level, string, []slog.Attr) {
	level, what := slog.LevelInfo, ""
	switch {
	case e.To == HalfOpen:
		what = "transitioning to HALF_OPEN"
	case e.To == Closed:
		what = "CLOSED - " + e.Reason
	case e.Failures > 0 && e.From == Closed:
		level, what = slog.LevelWarn, "OPEN after "+e.Reason
	default:
		level, what = slog.LevelWarn, "OPEN - "+e.Reason
	}
	return level, fmt.Sprintf("Circuit breaker '%s' %s", e.Name, what), []slog.Attr{
		slog.String("breaker", e.Name), slog.String("from", e.From.String()), slog.String("to", e.To.String()),
		slog.String("reason", e.Reason), slog.Int("failures", e.Failures)}
}

// ProbeUnanswered reports that there is no health check of the name that a
// breaker has for its probe. Until the next opening, callers' calls are the
// trials.
type ProbeUnanswered struct {
	Name   string // of the breaker
	Probe  string // the health check it asked for
	Reason string // "Check 'x' not found"
	At     time.Time
}

func (ProbeUnanswered) event() {}

// Log returns a WARN.
func (e ProbeUnanswered) Log() (slog.Level, string, []slog.Attr) {
	return slog.LevelWarn, fmt.Sprintf("Circuit breaker '%s' tries callers, its probe '%s' does not answer: %s", e.Name, e.Probe, e.Reason),
		[]slog.Attr{slog.String("breaker", e.Name), slog.String("probe", e.Probe), slog.String("reason", e.Reason)}
}
