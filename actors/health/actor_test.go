package health

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

// host is the least a check can live in: one supervisor that restarts after a second.
type host struct {
	system *actor.ActorSystem
	parent *actor.PID
	mu     sync.Mutex
	events []messages.Event
	onEmit func(messages.Event)
}

type ref struct {
	root *actor.RootContext
	pid  *actor.PID
	done chan struct{}
}

func (r *ref) Send(message any)      { r.root.Send(r.pid, message) }
func (r *ref) Done() <-chan struct{} { return r.done }

type restartAfterASecond struct{}

func (restartAfterASecond) HandleFailure(_ *actor.ActorSystem, s actor.Supervisor, child *actor.PID, _ *actor.RestartStatistics, _, _ any) {
	time.AfterFunc(time.Second, func() { s.RestartChildren(child) })
}

// inHost runs fn in a bubble with a host, and stops the host after.
func inHost(t *testing.T, fn func(t *testing.T, h *host)) {
	synctest.Test(t, func(t *testing.T) {
		quiet := slog.New(slog.DiscardHandler)
		h := &host{system: actor.NewActorSystem(
			actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return quiet }),
			actor.WithDeadLetterThrottleInterval(time.Millisecond), actor.WithDeadLetterRequestLogging(false))}
		h.parent = h.system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
			if spawn, ok := c.Message().(func(actor.Context)); ok {
				spawn(c)
			}
		}, actor.WithSupervisor(restartAfterASecond{})))
		defer func() {
			h.system.Root.Stop(h.parent)
			synctest.Wait()
			h.system.Shutdown()
			time.Sleep(time.Second) // the actor system counts dead letters on a timer
		}()
		fn(t, h)
	})
}

func (h *host) Spawn(_, _ string, produce func() actor.Actor) (interface {
	Send(message any)
	Done() <-chan struct{}
}, error) {
	r := &ref{root: h.system.Root, done: make(chan struct{})}
	spawned := make(chan struct{})
	h.system.Root.Send(h.parent, func(c actor.Context) {
		r.pid = c.Spawn(actor.PropsFromProducer(func() actor.Actor {
			inner := produce()
			return actor.ReceiveFunc(func(c actor.Context) {
				inner.Receive(c)
				if _, stopped := c.Message().(*actor.Stopped); stopped {
					close(r.done)
				}
			})
		}))
		close(spawned)
	})
	<-spawned
	return r, nil
}

func (h *host) Stop(owner interface {
	Send(message any)
	Done() <-chan struct{}
}) {
	h.system.Root.Stop(owner.(*ref).pid)
}

func (h *host) Emit(e messages.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, e)
	if h.onEmit != nil {
		h.onEmit(e)
	}
}

func start(t *testing.T, h *host, cfg Config, check Func) *Handle {
	t.Helper()
	c, err := Start(h, NewSlots(4), "db", cfg, check)
	require.NoError(t, err)
	return c
}

func now(c *Handle) string {
	r := c.Result(time.Now())
	return r.Status.String() + " " + r.Message
}

func TestFirstRunStartsAtOnce(t *testing.T) {
	for _, interval := range []time.Duration{0, OnDemand} {
		inHost(t, func(t *testing.T, h *host) {
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
	inHost(t, func(t *testing.T, h *host) {
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
		require.EqualValues(t, 2, runs.Load(), "the first run, and one for all who asked")
		c.Stop()
	})
}

func TestCallerThatLeavesCancelsNothing(t *testing.T) {
	inHost(t, func(t *testing.T, h *host) {
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
	inHost(t, func(t *testing.T, h *host) {
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
		c.Stop()
	})
}

func TestPanicIsUnhealthyUntilTheRestart(t *testing.T) {
	inHost(t, func(t *testing.T, h *host) {
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
		for _, e := range h.events {
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
	inHost(t, func(t *testing.T, h *host) {
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
	inHost(t, func(t *testing.T, h *host) {
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
		require.Equal(t, "UNKNOWN no result yet", now(c), "what it said because it was stopped is no result")
		require.Equal(t, "not finished: the check was deregistered", c.Run(t.Context()).Message)
	})
}

func TestOwnerThatCrashesOnAQuestionFailsItAndGoesOn(t *testing.T) {
	inHost(t, func(t *testing.T, h *host) {
		c := start(t, h, Config{Interval: OnDemand}, func(context.Context) (messages.Details, error) { return nil, nil })
		synctest.Wait()
		good := c.slots
		c.slots = nil // the owner's next step trips over it
		h.onEmit = func(e messages.Event) {
			if _, ok := e.(messages.CheckRestarted); ok {
				c.slots = good
			}
		}
		require.Contains(t, c.Run(t.Context()).Message, messages.ErrCrashed.Error())
		time.Sleep(2 * time.Second)
		require.Equal(t, messages.Healthy, c.Run(t.Context()).Status)
		c.Stop()
	})
}

func TestSlotsBoundTheRunsAtOnce(t *testing.T) {
	inHost(t, func(t *testing.T, h *host) {
		var running, most atomic.Int32
		slots := NewSlots(3)
		checks := make([]*Handle, 20)
		for i := range checks {
			c, err := Start(h, slots, "db", Config{Interval: OnDemand}, func(context.Context) (messages.Details, error) {
				most.Store(max(most.Load(), running.Add(1)))
				time.Sleep(time.Second)
				running.Add(-1)
				return nil, nil
			})
			require.NoError(t, err)
			checks[i] = c
		}
		checks[5].Stop() // its place in line is given up
		begun := time.Now()
		var wg sync.WaitGroup
		for i, c := range checks {
			if i != 5 {
				wg.Go(func() { require.Equal(t, messages.Healthy, c.Run(t.Context()).Status) })
			}
		}
		wg.Wait()
		require.Equal(t, 7*time.Second, time.Since(begun), "19 runs, 3 at once: they joined the first ones")
		require.EqualValues(t, 3, most.Load())
		for _, c := range checks {
			c.Stop()
		}
		synctest.Wait()
		require.Equal(t, 3, slots.free, "all slots came back")
	})
}

func TestStuckChecksKeepNobodyFromRunning(t *testing.T) {
	inHost(t, func(t *testing.T, h *host) {
		slots := NewSlots(1)
		let := make(chan struct{})
		stuck, err := Start(h, slots, "stuck", Config{Timeout: time.Second}, func(context.Context) (messages.Details, error) {
			<-let
			return nil, nil
		})
		require.NoError(t, err)
		other, err := Start(h, slots, "other", Config{}, func(context.Context) (messages.Details, error) { return nil, nil })
		require.NoError(t, err)
		time.Sleep(1100 * time.Millisecond)
		synctest.Wait()
		require.Equal(t, "HEALTHY ", now(other))
		close(let)
		stuck.Stop()
		other.Stop()
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
