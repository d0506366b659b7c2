package tests

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// outage makes calls under a retry that gives up at once.
func outage(t *testing.T, s *api.System, name string, calls int) {
	t.Helper()
	r, err := s.Retry(name, api.RetryConfig{MaxAttempts: 1})
	require.NoError(t, err)
	for range calls {
		require.Error(t, r.Run(context.Background(), fail))
	}
}

// Promise (System, events, logs and errors): Of the events of single calls, the log shows the first of a kind and name, and a sum each second.
func TestAnOutageDoesNotFloodTheLog(t *testing.T) {
	logged(t, func(t *testing.T, s *api.System, log *logbook) {
		outage(t, s, "payments", 2001)
		require.Equal(t, []string{"WARN Retry 'payments' gave up after 1 attempts (attempts)"}, log.sentences(t))
		time.Sleep(time.Second)
		require.Equal(t, "WARN payments: 2,000 calls given up in 1 s; last: boom", log.sentences(t)[1])
		outage(t, s, "payments", 3)
		require.NoError(t, s.Shutdown(context.Background()))
		require.Len(t, log.sentences(t), 4)
		require.Contains(t, log.sentences(t)[3], "WARN payments: 2 calls given up in")
	})
}

// Promise (System, events, logs and errors): Of the events of single calls, the log shows the first of a kind and name, and a sum each second.
func TestFallbacksAreSummedUp(t *testing.T) {
	logged(t, func(t *testing.T, s *api.System, log *logbook) {
		b := breaker(t, s, api.BreakerConfig{})
		require.NoError(t, b.ForceOpen())
		for range 1001 {
			v, err := api.Do(context.Background(), b, func(context.Context) (int, error) { return 0, errBoom }, api.Value(7))
			require.NoError(t, err)
			require.Equal(t, 7, v)
		}
		time.Sleep(time.Second)
		require.Len(t, log.sentences(t), 3)
		require.Contains(t, log.sentences(t)[2], "1,000 fallbacks in 1 s; last: Circuit breaker 'api' is forced open")
		require.EqualValues(t, 1001, s.Totals().Fallbacks)
	})
}

// slowLog takes its time for each line.
type slowLog struct {
	slog.Handler
	each time.Duration
}

func (l slowLog) Handle(ctx context.Context, r slog.Record) error {
	time.Sleep(l.each)
	return l.Handler.Handle(ctx, r)
}

// Promise (System, events, logs and errors): Events of single calls displace no change: not in a subscriber, and not in the log.
func TestASlowLogShowsEveryChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &logbook{}
		handler := slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})
		s := start(t, api.SystemConfig{Logger: slog.New(slowLog{handler, 50 * time.Microsecond})})
		slow := &tape{}
		t.Cleanup(s.Subscribe(func(e api.Event) { time.Sleep(50 * time.Microsecond); slow.add(e) }))
		b := breaker(t, s, api.BreakerConfig{})
		const openings = 83
		for range openings {
			outage(t, s, "payments", 500)
			require.NoError(t, b.ForceOpen())
			require.NoError(t, b.Reset())
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Minute)
		opened, closed := 0, 0
		for _, sentence := range log.sentences(t) {
			opened += strings.Count(sentence, "' OPEN - ")
			closed += strings.Count(sentence, "' CLOSED - ")
		}
		require.Equal(t, openings, opened)
		require.Equal(t, openings, closed)
		require.Len(t, only[api.BreakerChanged](slow), 2*openings)
		require.Positive(t, s.Totals().EventsDropped)
	})
}

// Promise (System, events, logs and errors): A line of the log holds at most 4 KiB of text, and 16 KiB of a stack, whatever an error says.
func TestALongErrorMakesNoLongLogLine(t *testing.T) {
	logged(t, func(t *testing.T, s *api.System, log *logbook) {
		huge := errors.New(strings.Repeat("huge ", 1<<18))
		sick := func(context.Context) error { return huge }
		r := retry(t, s, api.RetryConfig{MaxAttempts: 2})
		for range 2 {
			require.Error(t, api.Run(context.Background(), api.Compose(api.TimeoutConfig{Limit: 2 * time.Second, Operation: "x"}, r, breaker(t, s, api.BreakerConfig{FailureThreshold: 1})), sick))
		}
		require.NoError(t, s.Health().Register("db", api.CheckConfig{}, api.Ping(sick)))
		require.NoError(t, s.Health().Register("dc", api.CheckConfig{}, api.Ping(func(context.Context) error { panic(huge) })))
		time.Sleep(time.Minute)
		require.NotEmpty(t, log.text())
		for line := range strings.Lines(log.text()) {
			limit := 5 << 10 // with the keys of JSON
			if strings.Contains(line, `"stack"`) {
				limit += 16 << 10
			}
			require.Less(t, len(line), limit)
		}
	})
}

// Promise (System, events, logs and errors): Names, reasons and errors are printable wherever they enter a sentence.
func TestNoNameOrErrorForgesALine(t *testing.T) {
	logged(t, func(t *testing.T, s *api.System, log *logbook) {
		const forged = "x\nERROR all is lost\r\x1b[2J"
		sick := func(context.Context) error { return errors.New(forged) }
		b, err := s.Breaker(forged, api.BreakerConfig{FailureThreshold: 1, Probe: forged + "?"})
		require.NoError(t, err)
		r, err := s.Retry(forged, api.RetryConfig{MaxAttempts: 2})
		require.NoError(t, err)
		_, err = s.Retry(forged, api.RetryConfig{MaxAttempts: 3})
		require.NoError(t, err)
		require.NoError(t, s.Health().Register(forged, api.CheckConfig{}, api.Ping(sick)))
		errs := []error{r.Run(context.Background(), sick), b.Run(context.Background(), sick), b.Run(context.Background(), sick)}
		_, err = api.NewFallback(forged, func(ctx context.Context) (int, error) { return 0, sick(ctx) }).Execute(context.Background())
		errs = append(errs, err, s.Health().Register(forged, api.CheckConfig{Timeout: -1}, api.Ping(sick)),
			api.Run(context.Background(), api.TimeoutConfig{Limit: -1, Operation: forged}, sick))
		time.Sleep(5 * time.Minute)
		for _, line := range log.lines(t) {
			for key, value := range line {
				if key != "stack" {
					require.NotRegexp(t, `[\x00-\x1f\x7f]`, fmt.Sprint(value), key)
				}
			}
		}
		for _, err := range []error{errs[0], errs[2], errs[3], errs[4], errs[5]} {
			require.NotRegexp(t, `[\x00-\x1f\x7f]`, err.Error())
		}
	})
}

// Promise (System, events, logs and errors): Names, reasons and errors are printable wherever they enter a sentence.
func TestNoNameOfACheckForgesASentence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const forged = "x\nERROR all is lost\r\x1b[2J"
		s := start(t, api.SystemConfig{})
		release := make(chan struct{})
		hangs := func(context.Context) error { <-release; return nil }
		require.NoError(t, s.Health().Register(forged, api.CheckConfig{Timeout: time.Second}, api.Ping(hangs)))
		require.NoError(t, s.Health().Register("y", api.CheckConfig{DependsOn: []string{forged}}, api.Ping(succeed)))
		time.Sleep(5 * time.Second)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		for _, sentence := range []string{
			last(t, s, "y").Message,
			s.Health().Run(ctx, forged+"?").Message,
			s.Health().Deregister(forged).Error(),
			s.Shutdown(ctx).Error(),
		} {
			require.Contains(t, sentence, `x\nERROR all is lost\r\x1b[2J`)
			require.NotRegexp(t, `[\x00-\x1f\x7f]`, sentence)
		}
		close(release)
	})
}

// Promise (System, events, logs and errors): At DEBUG, each event of a single call is logged with the ctx of its caller.
func TestLinesOfCallsCarryTheCallersCtx(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type traceKey struct{}
		var traces []any
		handler := watchedLog{slog.DiscardHandler, func(ctx context.Context, r slog.Record) {
			if r.Level == slog.LevelDebug {
				traces = append(traces, ctx.Value(traceKey{}))
			}
		}}
		s := start(t, api.SystemConfig{Logger: slog.New(handler)})
		r := retry(t, s, api.RetryConfig{MaxAttempts: 2})
		for n := range 3 {
			require.Error(t, r.Run(context.WithValue(context.Background(), traceKey{}, n), fail))
		}
		synctest.Wait()
		require.Equal(t, []any{0, 0, 1, 1, 2, 2}, traces, "a retry and a giving up each")
	})
}

// watchedLog calls a function with each line.
type watchedLog struct {
	slog.Handler
	line func(ctx context.Context, r slog.Record)
}

func (l watchedLog) Enabled(context.Context, slog.Level) bool { return true }

func (l watchedLog) Handle(ctx context.Context, r slog.Record) error {
	l.line(ctx, r)
	return nil
}

// Promise (System, events, logs and errors): A log handler may panic, end its goroutine, block or call back: no call and no Shutdown waits for it.
func TestALogHandlerMayDoAnything(t *testing.T) {
	for what, do := range map[string]func(s *api.System, release chan struct{}){
		"exits":  func(*api.System, chan struct{}) { runtime.Goexit() },
		"blocks": func(_ *api.System, release chan struct{}) { <-release },
		"calls back": func(s *api.System, _ chan struct{}) {
			_ = s.Health().Register("from the log", api.CheckConfig{}, api.Ping(succeed))
			_, _ = s.Breaker("from the log", api.BreakerConfig{})
			s.Subscribe(func(api.Event) {})()
		},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var s *api.System
				release := make(chan struct{})
				s = start(t, api.SystemConfig{Logger: slog.New(watchedLog{slog.DiscardHandler, func(context.Context, slog.Record) { do(s, release) }})})
				play(t, breaker(t, s, api.BreakerConfig{FailureThreshold: 1}), "f 60s sss CLOSED")
				outage(t, s, "api", 3)
				_, err := s.Retry("api", api.RetryConfig{MaxAttempts: 7}) // a WARN: the first settings stay
				require.NoError(t, err)
				require.NoError(t, s.Health().Register("db", api.CheckConfig{}, api.Ping(sickCheck)))
				time.Sleep(time.Minute)
				require.Equal(t, api.Unhealthy, last(t, s, "db").Status)
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				defer cancel()
				began := time.Now()
				err = s.Shutdown(ctx)
				if what == "blocks" {
					require.ErrorIs(t, err, context.DeadlineExceeded)
					require.Equal(t, time.Second, time.Since(began))
				}
				close(release)
			})
		})
	}
}
