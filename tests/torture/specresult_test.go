package torture

import (
	"strings"
	"time"

	"github.com/understudy-go/understudy/api"
)

// result applies the result of a call.
func (h *history) result(s *circuit, op *operation) {
	if s.stopped {
		return
	}
	if s.current&(1<<op.call) == 0 {
		s.totals.Late++
		return
	}
	c, when := h.settings[s.settings], span{op.began, op.ended}
	outcome, trial := outcome(c, op), s.state == api.HalfOpen
	s.trials &^= 1 << op.call
	s.current &^= 1 << op.call
	letter, atLeast := "s", time.Duration(0)
	switch outcome {
	case api.Ignored:
		s.totals.Ignored++
		return
	case api.Success:
		s.totals.Successes++
		s.streak = 0
	case api.Failure:
		s.totals.Failures++
		s.streak++
		letter = "f"
		if op.ending == endLater && (!op.detached || op.gone == nil) {
			atLeast = retryAfter
		}
	}
	if op.slow {
		s.totals.Slow++
		letter = strings.ToUpper(letter)
	}
	if trial {
		h.tried(s, op, outcome, when, atLeast)
		return
	}
	if rates(c) {
		h.add(s, letter, op)
	}
	if s.mode == api.Automatic && letter != "s" && h.tooBad(s, c) {
		h.open(s, when, atLeast)
	}
}

// tried applies the result of a trial.
func (h *history) tried(s *circuit, op *operation, outcome api.Outcome, when span, atLeast time.Duration) {
	c := h.settings[s.settings]
	if outcome == api.Failure || (op.slow && c.SlowCallRate > 0) {
		if s.failed++; s.failed > c.HalfOpenFailures {
			h.open(s, when, atLeast)
		}
		return
	}
	if s.healed++; s.healed >= c.HalfOpenMaxCalls {
		s.enter(api.Closed, api.Automatic)
	}
}
