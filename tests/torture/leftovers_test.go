package torture

import (
	"context"
	"log/slog"
	"runtime"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// luggage is what a function of the user refers to. Whatever still refers to the
// function, a timer or a ctx of the caller, say, keeps it in memory.
type luggage struct{ weight [1 << 10]byte }

// freed reports whether nothing refers to what p points to.
func freed[T any](p weak.Pointer[T]) bool {
	for range 3 { // pools are emptied by the second
		runtime.GC()
	}
	return p.Value() == nil
}

// Promise (Torture): A call that has returned leaves no timer and no listener of its caller's ctx behind, and neither does a System that was shut down.
func TestACallLeavesNothingBehind(t *testing.T) {
	b, err := start(t).Breaker("b", api.BreakerConfig{})
	require.NoError(t, err)
	hard, soft := api.Timeout(time.Hour), api.Cooperative(api.Timeout(time.Hour))
	wait := func(context.Context) { time.Sleep(2 * time.Millisecond) } // real, so that a timer is set
	ask := func(ctx context.Context) { ctx.Done() }
	for name, row := range map[string]struct {
		policy api.Policy
		in     func(ctx context.Context)
	}{
		"a Timeout":                            {hard, wait},
		"a Timeout, with Done":                 {hard, ask},
		"a Timeout, with a derived ctx":        {hard, derive},
		"a cooperative Timeout":                {soft, ask},
		"a cooperative Timeout, with a ctx":    {soft, derive},
		"Timeouts in Timeouts":                 {api.Compose(soft, hard, soft, hard), ask},
		"a breaker":                            {b, wait},
		"a Timeout around a breaker":           {api.Compose(hard, b), ask},
		"a Timeout that is held, and released": {hard, func(ctx context.Context) { defer api.Hold(ctx)(); ctx.Done() }},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background()) // lives longer than the call
			defer cancel()
			require.True(t, freed(callWithLuggage(ctx, row.policy, row.in)))
			runtime.KeepAlive(ctx)
		})
	}
}

func derive(ctx context.Context) {
	derived, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	derived.Done()
}

//go:noinline
func callWithLuggage(ctx context.Context, p api.Policy, in func(context.Context)) weak.Pointer[luggage] {
	l := &luggage{}
	_, _ = api.Do(ctx, p, func(ctx context.Context) (byte, error) {
		in(ctx)
		return l.weight[0], nil
	})
	return weak.Make(l)
}

// Promise (Torture): A call that has returned leaves no timer and no listener of its caller's ctx behind, and neither does a System that was shut down.
func TestASystemThatWasShutDownLeavesNothingBehind(t *testing.T) {
	for name, use := range map[string]func(t *testing.T, s *api.System){
		"unused":                       func(*testing.T, *api.System) {},
		"an open circuit":              open,
		"a check that is waited for":   register,
		"a probe that does not return": probe,
	} {
		t.Run(name, func(t *testing.T) { require.True(t, freed(shutDown(t, use))) })
	}
}

//go:noinline
func shutDown(t *testing.T, use func(t *testing.T, s *api.System)) weak.Pointer[api.System] {
	s, err := api.Start(api.SystemConfig{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	use(t, s)
	require.NoError(t, s.Shutdown(context.Background()))
	return weak.Make(s)
}

func open(t *testing.T, s *api.System) {
	b, err := s.Breaker("b", api.BreakerConfig{FailureThreshold: 1})
	require.NoError(t, err)
	require.Error(t, b.Run(context.Background(), func(context.Context) error { return errBoom }))
}

func register(t *testing.T, s *api.System) {
	require.NoError(t, s.Health().Register("c", api.CheckConfig{}, api.Ping(func(context.Context) error { return nil })))
	s.Health().Run(context.Background(), "c")
}

func probe(t *testing.T, s *api.System) {
	began := make(chan struct{}, 10)
	require.NoError(t, s.Health().Register("p", api.CheckConfig{Interval: api.OnDemand}, api.Ping(func(ctx context.Context) error {
		began <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	})))
	<-began
	b, err := s.Breaker("b", api.BreakerConfig{FailureThreshold: 1, ResetTimeout: time.Millisecond, TrialTimeout: time.Hour, Probe: "p"})
	require.NoError(t, err)
	require.Error(t, b.Run(context.Background(), func(context.Context) error { return errBoom }))
}
