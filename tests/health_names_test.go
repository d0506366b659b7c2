package tests

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Health): ShowBreakers refuses to show a breaker whose name a check has, and Register the name of a breaker that is shown.
func TestABreakerAndACheckDoNotShareAName(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		register(t, s, "circuit:payments", onDemand, api.Ping(succeed))
		require.NoError(t, named(t, s, "payments").ForceOpen())
		requireConfigError(t, s.ShowBreakers(api.ShowBreakersConfig{}), "circuits", "circuit:payments", "Name")
		require.NoError(t, s.Health().Deregister("circuit:payments"))
		rows := shown(t, s, api.ShowBreakersConfig{})
		require.Equal(t, []string{"circuit:payments DEGRADED, OPEN: forced open"}, rows())
		requireConfigError(t, s.Health().Register("circuit:payments", onDemand, api.Ping(succeed)), "check", "circuit:payments", "Name")
	})
}

// Promise (Health): A breaker made later than a check of its name is shown under another name until the check is deregistered, and a WARN is logged.
func TestABreakerWhoseNameIsTakenIsShownUnderAnother(t *testing.T) {
	logged(t, func(t *testing.T, s *api.System, log *logbook) {
		rows := shown(t, s, api.ShowBreakersConfig{Strict: true})
		register(t, s, "circuit:payments", onDemand, api.Ping(succeed))
		register(t, s, "circuit-2:payments", onDemand, api.Ping(succeed))
		b := named(t, s, "payments")
		line := log.find(t, "WARN", "there is a check of its name")
		require.Equal(t, []any{"payments", "circuit:payments", "circuit-3:payments"}, []any{line["breaker"], line["check"], line["shown"]})
		require.NoError(t, b.ForceOpen())
		require.Equal(t, []string{"circuit-2:payments HEALTHY", "circuit-3:payments UNHEALTHY, OPEN: forced open", "circuit:payments HEALTHY"}, rows())
		require.Equal(t, api.Unhealthy, s.Health().Status("circuits"), "it counts")
		require.Equal(t, api.Unhealthy, s.Health().Status())
		require.Equal(t, 503, visit(s.Health().Handler(), http.MethodGet, "/health").Code)
		require.Equal(t, api.Healthy, s.Health().Status("ready"))
		requireConfigError(t, s.Health().Deregister("circuit-3:payments"), "check", "circuit-3:payments", "Name")

		require.NoError(t, s.Health().Deregister("circuit-2:payments"))
		require.Len(t, rows(), 2)
		require.NoError(t, s.Health().Deregister("circuit:payments"))
		require.Equal(t, []string{"circuit:payments UNHEALTHY, OPEN: forced open"}, rows())
		require.Len(t, last(t, s, "circuit:payments").Changes, 2, "with its history")
		require.NoError(t, b.Reset())
		require.Equal(t, []string{"circuit:payments HEALTHY"}, rows())
	})
}

// callBack is a log handler that calls fn at the first WARN.
type callBack struct {
	slog.Handler
	fn     func()
	called atomic.Bool
}

func (*callBack) Enabled(_ context.Context, level slog.Level) bool { return level == slog.LevelWarn }
func (c *callBack) Handle(context.Context, slog.Record) error {
	if c.called.CompareAndSwap(false, true) {
		c.fn()
	}
	return nil
}

// Promise (System, events, logs and errors): A log handler may register checks and make breakers. One that blocks holds no other call, and Shutdown only until its ctx ends.
func TestALogHandlerMayCallBack(t *testing.T) {
	for what, call := range map[string]func(s *api.System) error{
		"Register":   func(s *api.System) error { return s.Health().Register("new", onDemand, api.Ping(succeed)) },
		"Deregister": func(s *api.System) error { return s.Health().Deregister("circuit:payments") },
		"Breaker":    func(s *api.System) error { _, err := s.Breaker("payments", api.BreakerConfig{}); return err },
	} {
		synctest.Test(t, func(t *testing.T) {
			var s *api.System
			called, release := make(chan error, 1), make(chan struct{})
			s = start(t, api.SystemConfig{Logger: slog.New(&callBack{Handler: slog.DiscardHandler, fn: func() { called <- call(s); <-release }})})
			shown(t, s, api.ShowBreakersConfig{})
			register(t, s, "circuit:payments", onDemand, api.Ping(succeed))
			made := make(chan struct{})
			go func() { // ends with the log, if it waits for that
				defer close(made)
				named(t, s, "payments")
			}()
			require.NoError(t, <-called, what)
			register(t, s, "other", onDemand, api.Ping(succeed))
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began := time.Now()
			require.ErrorIs(t, s.Shutdown(ctx), context.DeadlineExceeded)
			require.Equal(t, time.Second, time.Since(began))
			close(release)
			<-made
		})
	}
}
