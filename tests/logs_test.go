package tests

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (System, events, logs and errors): Log lines have the documented words and levels.
func TestCircuitChangesAreLoggedInTheDocumentedWords(t *testing.T) {
	logged(t, func(t *testing.T, s *api.System, log *logbook) {
		play(t, breaker(t, s, api.BreakerConfig{}), "fffff 60s sss")
		require.Equal(t, []string{
			"WARN Circuit breaker 'api' OPEN after 5 failures",
			"INFO Circuit breaker 'api' transitioning to HALF_OPEN",
			"INFO Circuit breaker 'api' CLOSED - service recovered",
		}, log.sentences(t))
		line := log.lines(t)[0]
		require.Greater(t, len(line), 3, "with attributes beside the sentence: %v", line)
	})
}

// Promise (System, events, logs and errors): Log lines have the documented words and levels.
func TestEachOpeningIsLoggedAtWarn(t *testing.T) {
	logged(t, func(t *testing.T, s *api.System, log *logbook) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1})
		play(t, b, "f 60s f")
		require.NoError(t, b.Reset())
		require.NoError(t, b.ForceOpen())
		opened := 0
		for _, line := range log.lines(t) {
			if line["level"] == "WARN" {
				opened++
				require.Contains(t, line["msg"], "Circuit breaker 'api' ")
				require.Contains(t, line["msg"], "OPEN")
			}
		}
		require.Equal(t, 3, opened)
	})
}

// Promise (System, events, logs and errors): Log lines have the documented words and levels.
func TestRetriesAreLoggedAtWarn(t *testing.T) {
	logged(t, func(t *testing.T, s *api.System, log *logbook) {
		require.NoError(t, api.Run(context.Background(), retry(t, s, api.RetryConfig{}), failures(1).fn))
		line := log.find(t, "WARN", "boom")
		require.EqualValues(t, 1, line["attempt"])
		require.EqualValues(t, 3, line["of"])
		require.EqualValues(t, time.Second, line["delay"])
	})
}

// Promise (System, events, logs and errors): Log lines have the documented words and levels.
func TestTimeoutsAreLoggedAtWarnAndFallbacksAtInfo(t *testing.T) {
	logged(t, func(t *testing.T, s *api.System, log *logbook) {
		p := api.Compose(api.TimeoutConfig{Limit: time.Second, Operation: "lookup"}, breaker(t, s, api.BreakerConfig{}))
		require.NoError(t, api.Run(context.Background(), p, polite, succeed))
		require.Equal(t, []string{"WARN Operation 'lookup' timed out after 1s", "INFO Fallback 1 answered"}, log.sentences(t))
		for _, line := range log.lines(t) {
			require.Equal(t, "api", line["name"], "the first breaker or the Retry of the call: %v", line)
		}
	})
}

func sickCheck(context.Context) error { panic("no route") }

// Promise (System, events, logs and errors): A panic of a health check is logged once, with its stack.
func TestAPanicOfACheckIsLoggedWithItsStack(t *testing.T) {
	logged(t, func(t *testing.T, s *api.System, log *logbook) {
		require.NoError(t, s.Health().Register("db", api.CheckConfig{Interval: api.OnDemand}, api.Ping(sickCheck)))
		line := log.find(t, "ERROR", "db")
		require.Equal(t, "Health check 'db' crashed and is restarted", line["msg"])
		require.Equal(t, "db", line["check"])
		require.Equal(t, "no route", line["panic"])
		require.Contains(t, line["stack"], "tests.sickCheck")
		require.NoError(t, s.Health().Deregister("db"))
	})
}

// Promise (System, events, logs and errors): Log lines have the documented words and levels.
func TestAQuietLifeLogsNothing(t *testing.T) {
	logged(t, func(t *testing.T, s *api.System, log *logbook) {
		p := api.Compose(api.Timeout(time.Second), retry(t, s, api.RetryConfig{}), breaker(t, s, api.BreakerConfig{}))
		require.NoError(t, api.Run(context.Background(), p, succeed, succeed))
		require.NoError(t, s.Shutdown(context.Background()))
		require.Empty(t, log.sentences(t))
	})
}

// badLog panics in every method.
type badLog struct{ slog.Handler }

func (badLog) Enabled(context.Context, slog.Level) bool  { panic("log kaboom") }
func (badLog) Handle(context.Context, slog.Record) error { panic("log kaboom") }

// Promise (System, events, logs and errors): A log handler that panics loses records and nothing else.
func TestALogThatPanicsLosesRecordsAndNothingElse(t *testing.T) {
	for _, handler := range []slog.Handler{badLog{slog.DiscardHandler}, halfBadLog{slog.DiscardHandler}} {
		synctest.Test(t, func(t *testing.T) {
			s := start(t, api.SystemConfig{Logger: slog.New(handler)})
			s.Subscribe(func(api.Event) { panic("listener kaboom") })
			play(t, breaker(t, s, api.BreakerConfig{FailureThreshold: 1}), "f 60s sss CLOSED")
			require.NoError(t, s.Health().Register("db", api.CheckConfig{}, api.Ping(func(context.Context) error { panic("check kaboom") })))
			time.Sleep(time.Minute)
			require.Equal(t, api.Unhealthy, last(t, s, "db").Status)
		})
	}
}

// halfBadLog panics in Handle.
type halfBadLog struct{ slog.Handler }

func (halfBadLog) Enabled(context.Context, slog.Level) bool  { return true }
func (halfBadLog) Handle(context.Context, slog.Record) error { panic("log kaboom") }

// Promise (System, events, logs and errors): A long name does not make a long log line.
func TestLongNamesMakeNoLongLogLines(t *testing.T) {
	logged(t, func(t *testing.T, s *api.System, log *logbook) {
		name := strings.Repeat("n", 255)
		b, err := s.Breaker(name, api.BreakerConfig{FailureThreshold: 1, Probe: name})
		require.NoError(t, err)
		r, err := s.Retry(name, api.RetryConfig{MaxAttempts: 2})
		require.NoError(t, err)
		require.NoError(t, s.Health().Register(name, api.CheckConfig{}, api.Ping(fail)))
		require.Error(t, b.Run(context.Background(), fail))
		require.Error(t, r.Run(context.Background(), fail))
		require.Error(t, api.Run(context.Background(), api.Compose(api.TimeoutConfig{Limit: time.Second, Operation: strings.Repeat("n", 1<<20)}, b), polite))
		time.Sleep(time.Hour)
		for line := range strings.Lines(log.text()) {
			require.Less(t, len(line), 2_000)
		}
	})
}
