package torture

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Far more callers than the owner can answer fail at once: each waits for its
// own answer, so the mailbox never holds more than one message a caller, and
// nothing is lost.
func TestAStormOfFailuresIsAnsweredAndCountedAndBoundedByItsCallers(t *testing.T) {
	const callers, each = 2000, 20
	s := start(t)
	sick, err := s.Breaker("sick", api.BreakerConfig{FailureThreshold: api.Off})
	require.NoError(t, err)
	other, err := s.Breaker("other", api.BreakerConfig{})
	require.NoError(t, err)
	var storm sync.WaitGroup
	for range callers {
		storm.Go(func() {
			for range each {
				_ = sick.Run(context.Background(), func(context.Context) error { return errBoom })
			}
		})
	}
	for range 100 { // the neighbour answers in the storm
		require.ErrorIs(t, other.Run(context.Background(), func(context.Context) error { return errBoom }), errBoom)
		require.NoError(t, other.Reset())
	}
	require.LessOrEqual(t, runtime.NumGoroutine(), callers+50)
	storm.Wait()
	stats, err := sick.Stats()
	require.NoError(t, err)
	require.EqualValues(t, callers*each, stats.Failures)
	require.Equal(t, callers*each, stats.ConsecutiveFailures)
}

// Whoever is called back may call the breaker, from anywhere.
func TestReentrantCallsFromEverywhere(t *testing.T) {
	s := start(t)
	var b *api.Breaker
	var err error
	useAll := func() {
		_, _ = b.Stats()
		_ = b.Run(context.Background(), func(context.Context) error { return nil })
		_, _ = b.State(), b.TimeUntilReset()
		_ = b.Configure(b.Config())
	}
	depth := 0
	b, err = s.Breaker("b", api.BreakerConfig{Classify: func(err error) api.Outcome {
		if err != nil && depth == 0 {
			depth++
			useAll()
			depth--
		}
		return api.Failure
	}})
	require.NoError(t, err)
	heard := make(chan struct{}, 100)
	s.Subscribe(func(api.Event) { useAll(); heard <- struct{}{} })
	require.ErrorIs(t, b.Run(context.Background(), func(context.Context) error { useAll(); return errBoom }), errBoom)
	require.NoError(t, b.ForceOpen())
	<-heard
}

func TestNamesOfEveryKind(t *testing.T) {
	s := start(t)
	for _, name := range []string{strings.Repeat("x", 1<<20), "a\x00b\n\r\t\x1b[31m", "/../..", "\xff\xfe", " ", "名前"} {
		b, err := s.Breaker(name, api.BreakerConfig{})
		require.NoError(t, err)
		require.ErrorIs(t, b.Run(context.Background(), func(context.Context) error { return errBoom }), errBoom)
		require.NoError(t, b.ForceOpen())
		require.ErrorIs(t, b.Run(context.Background(), func(context.Context) error { return nil }), api.ErrCircuitOpen)
		r, err := s.Retry(name, api.RetryConfig{MaxAttempts: 2, InitialDelay: 1})
		require.NoError(t, err)
		require.ErrorIs(t, r.Run(context.Background(), func(context.Context) error { return errBoom }), api.ErrExhausted)
	}
}

// Every call on every thing that is nil, and every argument that is nil, is a
// typed error or does nothing; it never panics.
func TestNilIsAnsweredWithAnError(t *testing.T) {
	var (
		s *api.System
		b *api.Breaker
		p *api.Permit

		noCtx context.Context
	)
	ok := func(context.Context) error { return nil }
	live := start(t)
	good, err := live.Breaker("b", api.BreakerConfig{})
	require.NoError(t, err)
	_, noSystem := s.Breaker("x", api.BreakerConfig{})
	_, noBreaker := b.Stats()
	for i, err := range []error{
		noSystem, noBreaker, b.Run(context.Background(), ok), b.Reset(), b.ForceOpen(), b.Disable(), b.Configure(api.BreakerConfig{}),
		good.Run(context.Background(), nil), good.Run(noCtx, ok),
		api.Run(noCtx, good, ok), api.Run(context.Background(), good, nil),
		api.Run(context.Background(), b, ok), s.Shutdown(context.Background()),
	} {
		require.ErrorIs(t, err, api.ErrConfig, fmt.Sprint("row ", i))
	}
	p.Done(nil)
	p.Cancel()
	require.Equal(t, api.Closed, b.State())
	require.Zero(t, b.TimeUntilReset())
	require.NoError(t, api.Run(context.Background(), nil, ok))
	require.ErrorIs(t, api.Run(context.Background(), api.Timeout(-time.Hour), ok), api.ErrTimeout)
}
