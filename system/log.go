package system

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/understudy-go/understudy/messages"
)

// logTo returns the subscriber that writes events to the log.
func logTo(logger *slog.Logger) func(messages.Event) {
	return func(e messages.Event) {
		level, sentence, attrs := describe(e)
		logger.LogAttrs(context.Background(), level, sentence, attrs...)
	}
}

// describe puts an event into words.
func describe(e messages.Event) (slog.Level, string, []slog.Attr) {
	switch e := e.(type) {
	case messages.BreakerChanged:
		level, sentence := describeBreaker(e)
		return level, sentence, []slog.Attr{
			slog.String("breaker", e.Name), slog.String("from", e.From.String()), slog.String("to", e.To.String()),
			slog.String("reason", e.Reason), slog.Int("failures", e.Failures)}
	case messages.ProbeUnanswered:
		return slog.LevelWarn, fmt.Sprintf("Circuit breaker '%s' tries callers, its probe '%s' does not answer: %s", e.Name, e.Probe, e.Reason),
			[]slog.Attr{slog.String("breaker", e.Name), slog.String("probe", e.Probe), slog.String("reason", e.Reason)}
	case messages.CheckChanged:
		level := slog.LevelWarn
		if e.To == messages.Healthy {
			level = slog.LevelInfo
		}
		sentence := fmt.Sprintf("Health check '%s' %s", e.Name, e.To)
		if e.Message != "" {
			sentence += " - " + e.Message
		}
		return level, sentence, []slog.Attr{
			slog.String("check", e.Name), slog.String("from", e.From.String()), slog.String("to", e.To.String())}
	case messages.CheckRestarted:
		return slog.LevelWarn, fmt.Sprintf("Health check '%s' restarted", e.Name), []slog.Attr{
			slog.String("check", e.Name), slog.Int("restarts", e.Restarts), slog.String("reason", e.Reason)}
	case messages.Retrying:
		return slog.LevelWarn, fmt.Sprintf("Retry '%s' attempt %d failed, again in %v", e.Name, e.Attempt, e.Delay), []slog.Attr{
			slog.String("retry", e.Name), slog.Int("attempt", e.Attempt), slog.Int("of", e.MaxAttempts),
			slog.Duration("delay", e.Delay), slog.Any("error", e.Err)}
	case messages.RetryExhausted:
		return slog.LevelWarn, fmt.Sprintf("Retry '%s' gave up after %d attempts (%s)", e.Name, e.Attempts, e.Reason), []slog.Attr{
			slog.String("retry", e.Name), slog.Int("attempts", e.Attempts), slog.String("reason", e.Reason), slog.Any("error", e.Err)}
	case messages.TimedOut:
		return slog.LevelWarn, fmt.Sprintf("Operation '%s' timed out after %v", messages.Clip(e.Operation), e.Limit), []slog.Attr{
			slog.String("operation", messages.Clip(e.Operation)), slog.Duration("limit", e.Limit)}
	case messages.FallbackUsed:
		return slog.LevelInfo, fmt.Sprintf("Fallback %d answered", e.Index), []slog.Attr{
			slog.Int("fallback", e.Index), slog.Any("cause", e.Cause)}
	case messages.Dropped:
		return slog.LevelWarn, fmt.Sprintf("%d events were lost: the log is too slow", e.Count), []slog.Attr{slog.Int("count", e.Count)}
	}
	return slog.LevelInfo, fmt.Sprintf("%T", e), nil
}

// describeBreaker uses the words that operators know.
func describeBreaker(e messages.BreakerChanged) (slog.Level, string) {
	switch {
	case e.To == messages.HalfOpen:
		return slog.LevelInfo, fmt.Sprintf("Circuit breaker '%s' transitioning to HALF_OPEN", e.Name)
	case e.To == messages.Closed:
		return slog.LevelInfo, fmt.Sprintf("Circuit breaker '%s' CLOSED - %s", e.Name, e.Reason)
	case e.Failures > 0 && e.From == messages.Closed:
		return slog.LevelWarn, fmt.Sprintf("Circuit breaker '%s' OPEN after %s", e.Name, e.Reason)
	}
	return slog.LevelWarn, fmt.Sprintf("Circuit breaker '%s' OPEN - %s", e.Name, e.Reason)
}

// sheltered is a user's log handler that may panic: that record is lost, and
// nothing else.
type sheltered struct{ slog.Handler }

func (h sheltered) Enabled(ctx context.Context, level slog.Level) (enabled bool) {
	defer func() { _ = recover() }()
	return h.Handler.Enabled(ctx, level)
}

func (h sheltered) Handle(ctx context.Context, r slog.Record) (err error) {
	defer func() { _ = recover() }()
	return h.Handler.Handle(ctx, r)
}

func (h sheltered) WithAttrs(attrs []slog.Attr) slog.Handler {
	return sheltered{h.Handler.WithAttrs(attrs)}
}

func (h sheltered) WithGroup(name string) slog.Handler {
	return sheltered{h.Handler.WithGroup(name)}
}
