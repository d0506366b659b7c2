package health

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/actors/internal/ownertest"
	"github.com/understudy-go/understudy/messages"
)

func start(t *testing.T, h *ownertest.Host, cfg Config, check Func) *Handle {
	t.Helper()
	c, err := Start(NewShared(h, 4), "db", cfg, check)
	require.NoError(t, err)
	return c
}

func now(c *Handle) string {
	r := c.Result(time.Now())
	return r.Status.String() + " " + r.Message
}

func TestFirstRunStartsAtOnce(t *testing.T) {
	for _, interval := range []time.Duration{0, OnDemand} {
		inHost(t, func(t *testing.T, h *ownertest.Host) {
			var runs atomic.Int32
			c := start(t, h, Config{Interval: interval}, func(context.Context) (messages.Details, error) {
				runs.Add(1)
				time.Sleep(time.Second)
				return messages.Details{"rows": 3}, nil
			})
			require.Equal(t, "UNKNOWN no result yet", now(c))
			synctest.Wait()
			require.EqualValues(t, 1, runs.Load())
			time.Sleep(time.Second)
			synctest.Wait()
			require.Equal(t, "HEALTHY ", now(c))
			require.Equal(t, messages.Details{"rows": 3}, c.Result(time.Now()).Details)
			time.Sleep(time.Minute)
			if interval == OnDemand {
				require.EqualValues(t, 1, runs.Load())
			} else {
				require.InDelta(t, 7, runs.Load(), 1)
			}
			c.Stop()
		})
	}
}

func TestManyAskersShareOneRun(t *testing.T) {
	inHost(t, func(t *testing.T, h *ownertest.Host) {
		var runs atomic.Int32
		c := start(t, h, Config{Interval: OnDemand}, func(context.Context) (messages.Details, error) {
			runs.Add(1)
			time.Sleep(time.Second)
			return nil, nil
		})
		time.Sleep(2 * time.Second)
		begun := time.Now()
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				r := c.Run(t.Context())
				require.Equal(t, messages.Healthy, r.Status)
			})
		}
		wg.Wait()
		require.Equal(t, time.Second, time.Since(begun))
		require.EqualValues(t, 2, runs.Load(), "the first run, and one for all callers")
		c.Stop()
	})
}

func TestCallerThatLeavesCancelsNothing(t *testing.T) {
	inHost(t, func(t *testing.T, h *ownertest.Host) {
		cancelled := false
		c := start(t, h, Config{Interval: OnDemand}, func(ctx context.Context) (messages.Details, error) {
			time.Sleep(5 * time.Second)
			cancelled = ctx.Err() != nil
			return nil, nil
		})
		time.Sleep(6 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r := c.Run(ctx)
		require.Equal(t, messages.Unknown, r.Status)
		require.Contains(t, r.Message, context.DeadlineExceeded.Error())
		require.Equal(t, "HEALTHY ", now(c), "only its own answer is UNKNOWN")
		require.Equal(t, messages.Healthy, c.Run(t.Context()).Status, "joins the run that went on")
		require.False(t, cancelled)
		require.Equal(t, messages.Unknown, c.Run(ctx).Status, "a ctx that is done starts nothing")
		c.Stop()
	})
}

func TestCheckThatHangsIsStuckUntilItReturns(t *testing.T) {
	inHost(t, func(t *testing.T, h *ownertest.Host) {
		var runs atomic.Int32
		let := make(chan struct{})
		c := start(t, h, Config{Timeout: time.Second}, func(context.Context) (messages.Details, error) {
			if runs.Add(1) == 1 {
				<-let
			}
			return nil, nil
		})
		begun := time.Now()
		require.Equal(t, "timed out after 1.0s", c.Run(t.Context()).Message)
		require.Equal(t, time.Second, time.Since(begun))
		time.Sleep(time.Minute)
		require.Equal(t, "UNHEALTHY timed out after 1.0s, stuck for 60.0s", now(c))
		require.Equal(t, "timed out after 1.0s, stuck for 60.0s", c.Run(t.Context()).Message, "at once")
		require.EqualValues(t, 1, runs.Load())
		close(let)
		synctest.Wait()
		require.EqualValues(t, 2, runs.Load(), "it is overdue")
		require.Equal(t, "HEALTHY ", now(c))
		require.Equal(t, messages.Healthy, c.Run(t.Context()).Status)
		require.EqualValues(t, 3, runs.Load(), "not the answer to an earlier question")
		c.Stop()
	})
}

func TestPanicIsUnhealthyUntilTheRestart(t *testing.T) {
	inHost(t, func(t *testing.T, h *ownertest.Host) {
		var runs atomic.Int32
		c := start(t, h, Config{UnhealthyAfter: 3}, func(context.Context) (messages.Details, error) {
			time.Sleep(time.Millisecond)
			if runs.Add(1) == 1 {
				panic("no route")
			}
			return nil, nil
		})
		begun := time.Now()
		r := c.Run(t.Context())
		require.Equal(t, "UNHEALTHY panicked: no route", r.Status.String()+" "+r.Message)
		r = c.Run(t.Context())
		require.Equal(t, "panicked: no route", r.Message, "what is known, at once")
		require.Less(t, time.Since(begun), 10*time.Millisecond)
		time.Sleep(900 * time.Millisecond)
		require.Equal(t, "UNHEALTHY panicked: no route", now(c))
		time.Sleep(200 * time.Millisecond)
		require.Equal(t, "HEALTHY ", now(c))
		require.Equal(t, 1, c.Result(time.Now()).Restarts)
		require.Equal(t, messages.Healthy, c.Run(t.Context()).Status)
		c.Stop()
		synctest.Wait()
		kinds := ""
		for _, e := range ownertest.Events[messages.Event](h) {
			switch e := e.(type) {
			case messages.CheckChanged:
				kinds += e.To.String() + " "
			case messages.CheckRestarted:
				kinds += "restarted "
				require.Equal(t, "panicked: no route", e.Reason)
			}
		}
		require.Equal(t, "UNHEALTHY restarted HEALTHY ", kinds)
	})
}

func TestGoexitIsAFailure(t *testing.T) {
	inHost(t, func(t *testing.T, h *ownertest.Host) {
		c := start(t, h, Config{Interval: OnDemand}, func(context.Context) (messages.Details, error) {
			runtime.Goexit()
			return nil, nil
		})
		synctest.Wait()
		require.Equal(t, "UNHEALTHY exited its goroutine", now(c))
		c.Stop()
	})
}

func TestStopCancelsTheRunAndReleasesAskers(t *testing.T) {
	inHost(t, func(t *testing.T, h *ownertest.Host) {
		c := start(t, h, Config{}, func(ctx context.Context) (messages.Details, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		answer := make(chan Result)
		go func() { answer <- c.Run(t.Context()) }()
		synctest.Wait()
		c.Stop()
		r := <-answer
		require.Equal(t, "UNKNOWN not finished: the check was deregistered", r.Status.String()+" "+r.Message)
		<-c.Returned()
		synctest.Wait()
		require.Equal(t, "UNKNOWN no result yet", now(c), "what it returned because it was stopped is no result")
		require.Equal(t, "not finished: the check was deregistered", c.Run(t.Context()).Message)
	})
}

// crashOn makes the owner of a check crash on the first message of type M, when it
// acquires or releases its slot.
func crashOn[M any](h *ownertest.Host, shared *Shared) {
	good, done := shared.semaphore, false
	h.Before = func(message any) (after func()) {
		if _, ok := message.(M); ok && !done {
			shared.semaphore, done = nil, true
		}
		return func() { shared.semaphore = good }
	}
}

func TestOwnerThatCrashesOnAQuestionFailsItAndGoesOn(t *testing.T) {
	inHost(t, func(t *testing.T, h *ownertest.Host) {
		log := logTo(h)
		shared := NewShared(h, 4)
		crashOn[*runCell](h, shared)
		c, err := Start(shared, "db", Config{Interval: OnDemand}, func(context.Context) (messages.Details, error) { return nil, nil })
		require.NoError(t, err)
		synctest.Wait()
		require.Contains(t, c.Run(t.Context()).Message, messages.ErrCrashed.Error())
		time.Sleep(2 * time.Second)
		require.Equal(t, messages.Healthy, c.Run(t.Context()).Status)
		c.Stop()
		line := log.only(t)
		require.Contains(t, line, `level=ERROR msg="Health check 'db' crashed and is restarted" check=db`)
		require.Contains(t, line, "(*semaphore).acquire", "the stack says where")
	})
}

// The owner crashes while it handles the result, before it releases the slot.
func TestACrashDoesNotKeepTheSlot(t *testing.T) {
	inHost(t, func(t *testing.T, h *ownertest.Host) {
		shared := NewShared(h, 1)
		crashOn[messages.RunResult](h, shared)
		c, err := Start(shared, "db", Config{Interval: OnDemand}, func(context.Context) (messages.Details, error) { return nil, nil })
		require.NoError(t, err)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, 1, c.Result(time.Now()).Restarts)
		require.Equal(t, 1, shared.semaphore.free)
		c.Stop()
	})
}

// A check that has never run has no time at which it is due.
func TestOwnerThatCrashesBeforeTheFirstRunMakesItAfterTheRestart(t *testing.T) {
	inHost(t, func(t *testing.T, h *ownertest.Host) {
		h.Before = func(message any) (after func()) {
			if _, first := message.(begin); first {
				panic("a bug")
			}
			return func() {}
		}
		c := start(t, h, Config{Interval: OnDemand}, func(context.Context) (messages.Details, error) { return nil, nil })
		synctest.Wait()
		require.Equal(t, "UNKNOWN no result yet", now(c))
		time.Sleep(5 * time.Second)
		require.Equal(t, "HEALTHY ", now(c))
		c.Stop()
	})
}

func noRoute(context.Context) (messages.Details, error) { panic("no route") }

// The owner panics on purpose: the log must show the stack of the check.
func TestPanicOfACheckIsLoggedWithItsStackOnce(t *testing.T) {
	inHost(t, func(t *testing.T, h *ownertest.Host) {
		log := logTo(h)
		c := start(t, h, Config{Interval: OnDemand}, noRoute)
		synctest.Wait()
		c.Stop()
		line := log.only(t)
		require.Contains(t, line, `level=ERROR msg="Health check 'db' crashed and is restarted" check=db panic="no route"`)
		require.Contains(t, line, "health.noRoute")
		require.NotContains(t, line, "(*ownerState)")
	})
}

func TestOutcomes(t *testing.T) {
	for _, row := range []struct {
		err  error
		want string
	}{
		{nil, "HEALTHY "},
		{Degrade("slow"), "DEGRADED slow"},
		{errors.Join(Degrade("slow"), errors.New("and old")), "DEGRADED slow\nand old"},
		{errors.New("refused"), "UNHEALTHY refused"},
		{context.Canceled, "UNHEALTHY context canceled"},
	} {
		s, message := classify(row.err)
		require.Equal(t, row.want, s.String()+" "+message)
	}
}
