package badinput

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// once returns a function that calls do when it is first called. Unlike that of
// sync.Once, it may be called by do.
func once(do func()) func() {
	var begun atomic.Bool
	return func() {
		if begun.CompareAndSwap(false, true) {
			do()
		}
	}
}

// typed are the errors that a call in any place may return.
var typed = []error{
	api.ErrConfig, api.ErrShutdown, api.ErrCircuitOpen, api.ErrTimeout, api.ErrExhausted, context.Canceled, context.DeadlineExceeded, errBoom,
}

// spot is a place in which a function may be called. Its function in arranges
// that do is called there once, and returns after that.
type spot struct {
	name string
	in   func(t *testing.T, v *victim, do func())
}

var spots = []spot{
	{"in fn", func(t *testing.T, v *victim, do func()) {
		_ = v.b.Run(today, func(context.Context) error { do(); return nil })
	}},
	{"in fn under everything", func(t *testing.T, v *victim, do func()) {
		_, _ = api.Do(today, api.Compose(v.r, api.Timeout(time.Hour), v.b), func(context.Context) (int, error) { do(); return 0, nil })
	}},
	{"in a trial", func(t *testing.T, v *victim, do func()) {
		for range 5 {
			_ = v.b.Run(today, no)
		}
		time.Sleep(2 * time.Minute)
		_ = v.b.Run(today, func(context.Context) error { do(); return nil })
	}},
	{"in a classifier", func(t *testing.T, v *victim, do func()) {
		first := once(do)
		require.NoError(t, v.b.Configure(api.BreakerConfig{Classify: func(error) api.Outcome { first(); return api.Failure }}))
		_ = v.b.Run(today, no)
	}},
	{"in Retryable", func(t *testing.T, v *victim, do func()) {
		first := once(do)
		require.NoError(t, v.r.Configure(api.RetryConfig{Retryable: func(error) bool { first(); return false }}))
		_ = v.r.Run(today, no)
	}},
	{"in OnRetry", func(t *testing.T, v *victim, do func()) {
		first := once(do)
		require.NoError(t, v.r.Configure(api.RetryConfig{OnRetry: func(error, int, time.Duration) { first() }}))
		_ = v.r.Run(today, no)
	}},
	{"in a fallback", func(t *testing.T, v *victim, do func()) {
		_ = api.Run(today, v.r, no, func(context.Context) error { do(); return nil })
	}},
	{"in a listener", func(t *testing.T, v *victim, do func()) {
		heard := make(chan struct{})
		first := once(func() { do(); close(heard) })
		v.s.Subscribe(func(api.Event) { first() })
		require.NoError(t, v.b.ForceOpen())
		<-heard
	}},
	{"in a check", func(t *testing.T, v *victim, do func()) {
		done := make(chan struct{})
		first := once(func() { do(); close(done) })
		require.NoError(t, v.h.Register("place", api.CheckConfig{}, api.Ping(func(context.Context) error {
			first()
			return nil
		})))
		<-done
	}},
	{"in Authorize", func(t *testing.T, v *victim, do func()) {
		done := make(chan struct{})
		h, err := v.h.HandlerWith(api.HandlerConfig{ShowNames: api.DetailsNever, Authorize: func(*http.Request) bool {
			defer close(done)
			do()
			return true
		}})
		require.NoError(t, err)
		get(h, "/health?verbose", "")
		<-done // the page does not wait for as long as do may take
	}},
	{"while a drain runs", func(t *testing.T, v *victim, do func()) {
		_ = v.s.Drain(today, 1, func(context.Context) error { do(); return nil })
	}},
}

// Promise (Torture): Every exported function may be called from any user callback, during Shutdown and after it.
func TestNoPlaceIsTooBad(t *testing.T) {
	all := uses()
	alone := append(slices.Clone(all), inOrder(useRest()))
	for _, d := range alone {
		for _, p := range spots {
			t.Run(d.function+"/"+p.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					v, calls := newVictim(t), 0
					p.in(t, v, func() { calls++; requireTyped(t, d.do(v)) })
					require.Equal(t, 1, calls, "the place was not reached")
				})
			})
		}
	}
	t.Logf("%d functions in %d places", len(all)+len(useRest()), len(spots))
}

// After Shutdown a function returns ErrShutdown, or works if it needs no owner.
//
// Promise (Torture): Every exported function may be called from any user callback, during Shutdown and after it.
func TestAfterShutdownEveryFunctionAnswers(t *testing.T) {
	for _, d := range append(uses(), useRest()...) {
		t.Run(d.function, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := newVictim(t)
				require.NoError(t, v.s.Shutdown(today))
				require.ErrorIs(t, d.do(v), d.afterwards)
			})
		})
	}
}

// During Shutdown a function answers as before it or as after it.
//
// Promise (Torture): Every exported function may be called from any user callback, during Shutdown and after it.
func TestDuringShutdownEveryFunctionAnswers(t *testing.T) {
	for _, d := range append(uses(), inOrder(useRest())) {
		t.Run(d.function, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for range 3 {
					v := newVictim(t)
					var all sync.WaitGroup
					for range 3 {
						all.Go(func() { requireTyped(t, d.do(v)) })
					}
					all.Go(func() { requireTyped(t, v.s.Shutdown(today)) })
					all.Wait()
				}
			})
		})
	}
}

func requireTyped(t *testing.T, err error) {
	t.Helper()
	if err != nil && !isTyped(err) {
		t.Errorf("an error of no type: %v", err)
	}
}

func isTyped(err error) bool {
	return slices.ContainsFunc(typed, func(known error) bool { return errors.Is(err, known) })
}
