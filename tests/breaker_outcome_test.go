package tests

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

type clientMistake struct{ status int }

func (e clientMistake) Error() string { return fmt.Sprint("status ", e.status) }

// Promise (Circuit breaker): context.Canceled and Excluded errors are ignored, DeadlineExceeded is a failure; a Classify function replaces these rules.
func TestHowACallEndedIsAnOutcome(t *testing.T) {
	errMine := errors.New("mine")
	excluded := api.BreakerConfig{Excluded: []error{errMine}}
	classify := api.BreakerConfig{Excluded: []error{errMine}, Classify: func(err error) api.Outcome {
		var mistake clientMistake
		switch {
		case err == nil:
			return api.Failure // whatever the status
		case errors.As(err, &mistake):
			return api.Success
		case errors.Is(err, context.Canceled):
			return api.Failure
		}
		return api.Ignored
	}}
	rows := []struct {
		name                         string
		cfg                          api.BreakerConfig
		err                          error
		successes, failures, ignored uint64
	}{
		{"nil is a success", api.BreakerConfig{}, nil, 1, 0, 0},
		{"an error is a failure", api.BreakerConfig{}, errBoom, 0, 1, 0},
		{"Canceled is ignored", api.BreakerConfig{}, context.Canceled, 0, 0, 1},
		{"so is wrapped Canceled", api.BreakerConfig{}, fmt.Errorf("get: %w", context.Canceled), 0, 0, 1},
		{"DeadlineExceeded is a failure", api.BreakerConfig{}, context.DeadlineExceeded, 0, 1, 0},
		{"an excluded error is ignored", excluded, errMine, 0, 0, 1},
		{"so is a wrapped one", excluded, fmt.Errorf("get: %w", errMine), 0, 0, 1},
		{"others are not", excluded, errBoom, 0, 1, 0},
		{"Canceled stays ignored beside Excluded", excluded, context.Canceled, 0, 0, 1},
		{"Classify: a client's mistake can be a success", classify, clientMistake{404}, 1, 0, 0},
		{"Classify decides on nil too", classify, nil, 0, 1, 0},
		{"Classify replaces the default for Canceled", classify, context.Canceled, 0, 1, 0},
		{"Classify ignores what it likes", classify, errBoom, 0, 0, 1},
		{"Classify replaces Excluded", classify, errMine, 0, 0, 1},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *api.System) {
				b := breaker(t, s, row.cfg)
				require.Equal(t, row.err, b.Run(context.Background(), func(context.Context) error { return row.err }))
				acquire(t, b).Done(row.err) // Acquire and Done judge as Run does
				st := stats(t, b)
				require.Equal(t, [3]uint64{2 * row.successes, 2 * row.failures, 2 * row.ignored},
					[3]uint64{st.Successes, st.Failures, st.Ignored})
			})
		})
	}
}

// Promise (Circuit breaker): A panic or runtime.Goexit in the function is a failure. The panic goes on to the caller, with its value.
func TestAPanicIsAFailureAndGoesOnToTheCaller(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 2})
		value := &struct{ n int }{7}
		explode := func(context.Context) error { panic(value) }
		require.PanicsWithValue(t, value, func() { b.Run(context.Background(), explode) })
		require.PanicsWithValue(t, value, func() { api.Run(context.Background(), b, explode) })
		require.EqualValues(t, 2, stats(t, b).Failures)
		play(t, b, "OPEN x")
	})
}

// Promise (Circuit breaker): A panic or runtime.Goexit in the function is a failure. The panic goes on to the caller, with its value.
func TestAGoexitIsAFailure(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 2})
		exit := func(context.Context) error { runtime.Goexit(); return nil }
		for range 2 {
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				b.Run(context.Background(), exit)
				t.Error("the goroutine went on")
			}()
			<-ended
		}
		require.EqualValues(t, 2, stats(t, b).Failures)
		play(t, b, "OPEN x")
	})
}

// Promise (Circuit breaker): A panic or runtime.Goexit in the function is a failure. The panic goes on to the caller, with its value.
func TestAPanickingTrialOpensItAgain(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1})
		play(t, b, "f 60s HALF_OPEN")
		require.Panics(t, func() { b.Run(context.Background(), func(context.Context) error { panic("no") }) })
		play(t, b, "OPEN 60s HALF_OPEN sss CLOSED")
	})
}

// Promise (Circuit breaker): Only the first report of a permit counts.
func TestAPermitsFirstReportCounts(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{})
		p := acquire(t, b)
		p.Done(errBoom)
		p.Done(errBoom)
		p.Done(nil)
		p.Cancel()
		q := acquire(t, b)
		q.Cancel()
		q.Done(errBoom)
		q.Cancel()
		require.Equal(t, api.BreakerStats{Name: "api", ConsecutiveFailures: 1, Failures: 1, Ignored: 1}, stats(t, b))
	})
}

// Promise (Circuit breaker): A call that takes SlowCall or longer is slow.
func TestAPermitKnowsASlowCall(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{SlowCall: time.Second})
		p := acquire(t, b)
		time.Sleep(time.Second)
		p.Done(nil)
		require.EqualValues(t, 1, stats(t, b).Slow)
	})
}

// Promise (Circuit breaker): A classifier may call its breaker. One that panics blocks nothing.
func TestAClassifierMayCallItsBreaker(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		var b *api.Breaker
		b = breaker(t, s, api.BreakerConfig{Classify: func(err error) api.Outcome {
			if _, statsErr := b.Stats(); statsErr != nil || err != nil {
				return api.Failure
			}
			return api.Success
		}})
		play(t, b, "s f s")
		require.EqualValues(t, 2, stats(t, b).Successes)
	})
}

// Promise (Circuit breaker): A classifier may call its breaker. One that panics blocks nothing.
func TestAClassifierThatPanicsWedgesNothing(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		panicking := true
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1, Classify: func(err error) api.Outcome {
			if panicking {
				panic("kaboom")
			}
			if err != nil {
				return api.Failure
			}
			return api.Success
		}})
		require.PanicsWithValue(t, "kaboom", func() { b.Run(context.Background(), fail) })
		panicking = false
		require.NoError(t, b.Reset())
		play(t, b, "f 60s HALF_OPEN")
		panicking = true
		require.PanicsWithValue(t, "kaboom", func() { b.Run(context.Background(), succeed) })
		panicking = false
		play(t, b, "3m HALF_OPEN sss CLOSED")
	})
}
