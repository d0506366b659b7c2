package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/understudy-go/understudy/api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errSick = errors.New("dependency is sick")

// never is a failure threshold that no benchmark reaches.
const never = math.MaxInt32

func start(b *testing.B) *api.System {
	sys, err := api.Start(api.SystemConfig{})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, sys.Shutdown(context.Background())) })
	return sys
}

func breaker(b *testing.B, sys *api.System, cfg api.BreakerConfig) *api.Breaker {
	br, err := sys.Breaker(fmt.Sprintf("%s-%d", b.Name(), len(sys.Breakers())), cfg)
	require.NoError(b, err)
	return br
}

func retry(b *testing.B, sys *api.System) *api.Retry {
	r, err := sys.Retry(b.Name(), api.RetryConfig{})
	require.NoError(b, err)
	return r
}

// run benchmarks Run with a function that captures a variable and fails with
// want, or is refused with it, in one goroutine and on all cores.
func run(b *testing.B, br *api.Breaker, want error) {
	ctx := context.Background()
	b.Run("one", func(b *testing.B) {
		b.ReportAllocs()
		calls := 0
		for b.Loop() {
			if err := br.Run(ctx, func(context.Context) error { calls++; return want }); err != want {
				b.Fatal(err)
			}
		}
	})
	b.Run("all", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			calls := 0
			for pb.Next() {
				if err := br.Run(ctx, func(context.Context) error { calls++; return want }); err != want {
					b.Error(err)
				}
			}
		})
	})
}

// do benchmarks Do with a function made once that succeeds, in one goroutine and
// on all cores.
func do(b *testing.B, p api.Policy, fallbacks ...api.Func[int]) {
	ctx := context.Background()
	b.Run("one", func(b *testing.B) {
		b.ReportAllocs()
		calls := 0
		fn := func(context.Context) (int, error) { calls++; return calls, nil }
		for b.Loop() {
			if _, err := api.Do(ctx, p, fn, fallbacks...); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("all", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			fn := func(context.Context) (int, error) { return 7, nil } // it writes no memory that the goroutines share
			for pb.Next() {
				if _, err := api.Do(ctx, p, fn, fallbacks...); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

func BenchmarkRunClosed(b *testing.B) {
	run(b, breaker(b, start(b), api.BreakerConfig{}), nil)
}

func BenchmarkRunFailureRateOverTime(b *testing.B) {
	run(b, breaker(b, start(b), api.BreakerConfig{
		FailureThreshold: api.Off, FailureRate: 0.5, Window: api.TimeWindow(10 * time.Second),
	}), nil)
}

func BenchmarkRunSlowCallRate(b *testing.B) {
	run(b, breaker(b, start(b), api.BreakerConfig{SlowCall: time.Second, SlowCallRate: 0.5}), nil)
}

func BenchmarkRunRefused(b *testing.B) {
	br := breaker(b, start(b), api.BreakerConfig{})
	require.NoError(b, br.ForceOpen())
	refusal := br.Run(context.Background(), func(context.Context) error { return nil })
	require.ErrorIs(b, refusal, api.ErrCircuitOpen)
	run(b, br, refusal) // there is one error for each opening
}

func BenchmarkRunFailing(b *testing.B) {
	run(b, breaker(b, start(b), api.BreakerConfig{FailureThreshold: never}), errSick)
}

func BenchmarkAcquireDone(b *testing.B) {
	br := breaker(b, start(b), api.BreakerConfig{})
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		p, err := br.Acquire(ctx)
		if err != nil {
			b.Fatal(err)
		}
		p.Done(nil)
	}
}

func BenchmarkState(b *testing.B) {
	br := breaker(b, start(b), api.BreakerConfig{})
	b.ReportAllocs()
	for b.Loop() {
		if br.State() != api.Closed {
			b.Fatal("not closed")
		}
	}
}

func BenchmarkStats(b *testing.B) {
	br := breaker(b, start(b), api.BreakerConfig{})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := br.Stats(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDoBreaker(b *testing.B) { do(b, breaker(b, start(b), api.BreakerConfig{})) }

func BenchmarkDoRetry(b *testing.B) { do(b, retry(b, start(b))) }

func BenchmarkDoRetryBreaker(b *testing.B) {
	sys := start(b)
	do(b, api.Compose(retry(b, sys), breaker(b, sys, api.BreakerConfig{})))
}

func BenchmarkDoFallbackTimeoutRetryBreaker(b *testing.B) {
	sys := start(b)
	timeout := api.TimeoutConfig{Limit: time.Second, Cooperative: true}
	do(b, api.Compose(timeout, retry(b, sys), breaker(b, sys, api.BreakerConfig{})), api.Value(0))
}

func BenchmarkDoCooperativeTimeout(b *testing.B) {
	do(b, api.TimeoutConfig{Limit: time.Second, Cooperative: true})
}

func BenchmarkDoHardTimeout(b *testing.B) { do(b, api.Timeout(time.Second)) }

// forcedOpen returns a policy inside of which a breaker refuses every call.
func forcedOpen(b *testing.B, outside ...api.Policy) api.Policy {
	log := slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelWarn}))
	sys, err := api.Start(api.SystemConfig{Logger: log})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, sys.Shutdown(context.Background())) })
	br := breaker(b, sys, api.BreakerConfig{})
	require.NoError(b, br.ForceOpen())
	return api.Compose(append(outside, br)...)
}

func BenchmarkDoRefusedInHardTimeout(b *testing.B) {
	p, ctx := forcedOpen(b, api.Timeout(time.Second)), context.Background()
	fn := func(context.Context) (int, error) { return 7, nil }
	b.ReportAllocs()
	for b.Loop() {
		if _, err := api.Do(ctx, p, fn); err == nil {
			b.Fatal("it was not refused")
		}
	}
}

func BenchmarkDoRefusedWithFallback(b *testing.B) {
	do(b, forcedOpen(b), api.Value(0))
}

// BenchmarkHold holds the ctx of a call until the caller has its result.
func BenchmarkHold(b *testing.B) {
	for name, p := range map[string]api.Policy{
		"hard": api.Timeout(time.Second), "cooperative": api.TimeoutConfig{Limit: time.Second, Cooperative: true},
	} {
		b.Run(name, func(b *testing.B) {
			ctx := context.Background()
			fn := func(ctx context.Context) (func(), error) { return api.Hold(ctx), nil }
			b.ReportAllocs()
			for b.Loop() {
				release, err := api.Do(ctx, p, fn)
				if err != nil {
					b.Fatal(err)
				}
				release()
			}
		})
	}
}

// BenchmarkLookup looks a breaker up among more and more of them.
func BenchmarkLookup(b *testing.B) {
	for _, n := range []int{1, 1000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			sys := start(b)
			for i := range n {
				_, err := sys.Breaker(fmt.Sprintf("breaker-%07d", i), api.BreakerConfig{})
				require.NoError(b, err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := sys.LookupBreaker("breaker-0000000"); !ok {
					b.Fatal("lost")
				}
			}
		})
	}
}

// BenchmarkMemory reports the bytes of a breaker that was never called, and of one
// that has an owner.
func BenchmarkMemory(b *testing.B) {
	const n = 20_000
	for b.Loop() {
		b.StopTimer()
		sys, err := api.Start(api.SystemConfig{})
		require.NoError(b, err)
		empty := heap()
		b.StartTimer()
		all := make([]*api.Breaker, n)
		for i := range all {
			all[i], err = sys.Breaker(fmt.Sprintf("breaker-%07d", i), api.BreakerConfig{})
			require.NoError(b, err)
		}
		b.StopTimer()
		never := heap()
		for _, br := range all {
			require.ErrorIs(b, br.Run(context.Background(), func(context.Context) error { return errSick }), errSick)
		}
		b.ReportMetric(float64(never-empty)/n, "B/never-asked")
		b.ReportMetric(float64(heap()-empty)/n, "B/once-asked")
		runtime.KeepAlive(all)
		require.NoError(b, sys.Shutdown(context.Background()))
		b.StartTimer()
	}
}

// heap returns the bytes of the heap after two collections.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
