package main

import (
	"time"

	"github.com/afex/hystrix-go/hystrix"
	"github.com/asynkron/protoactor-go/actor"
	eapache "github.com/eapache/go-resiliency/breaker"
	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/fallback"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/failsafe-go/failsafe-go/timeout"
	"github.com/sony/gobreaker/v2"
)

// Each function below returns a work of a rival, in the form that its own
// documentation shows. What can be made once is made once.

func gobreakerRun(st gobreaker.Settings) func(*Bed) Work {
	return func(*Bed) Work {
		breaker := gobreaker.NewCircuitBreaker[int64](st)
		return func(n int) {
			var total int64
			for i := range n {
				v, err := breaker.Execute(func() (int64, error) { return total + int64(i), nil })
				check(err)
				total = v
			}
			sink.Add(total)
		}
	}
}

// gobreakerRolling counts over ten seconds in ten buckets, and opens at half.
var gobreakerRolling = gobreaker.Settings{
	Interval:     10 * time.Second,
	BucketPeriod: time.Second,
	ReadyToTrip: func(c gobreaker.Counts) bool {
		return c.Requests >= 20 && 2*c.TotalFailures >= c.Requests
	},
}

func gobreakerRefused(*Bed) Work {
	breaker := gobreaker.NewCircuitBreaker[int64](gobreaker.Settings{
		Timeout:     time.Hour,
		ReadyToTrip: func(gobreaker.Counts) bool { return true },
	})
	_, err := breaker.Execute(func() (int64, error) { return 0, errSick })
	expect(err, errSick)
	return func(n int) {
		var total int64
		for i := range n {
			if _, err := breaker.Execute(func() (int64, error) { return total + int64(i), nil }); err == nil {
				panic("an open breaker admitted a call")
			}
		}
		sink.Add(total)
	}
}

func gobreakerFailing(*Bed) Work {
	breaker := gobreaker.NewCircuitBreaker[int64](gobreaker.Settings{
		ReadyToTrip: func(gobreaker.Counts) bool { return false },
	})
	return func(n int) {
		var total int64
		for i := range n {
			_, err := breaker.Execute(func() (int64, error) { total += int64(i); return 0, errSick })
			if err != errSick {
				panic(err)
			}
		}
		sink.Add(total)
	}
}

func eapacheRun(*Bed) Work {
	breaker := eapache.New(5, 3, time.Minute)
	return func(n int) {
		var total int64
		for i := range n {
			check(breaker.Run(func() error {
				total += int64(i)
				return nil
			}))
		}
		sink.Add(total)
	}
}

func failsafeBreaker(*Bed) Work {
	return failsafeGet(circuitbreaker.NewWithDefaults[int64]())
}

func failsafeRetryBreaker(*Bed) Work {
	return failsafeGet(retrypolicy.NewWithDefaults[int64](), circuitbreaker.NewWithDefaults[int64]())
}

func failsafeAll(*Bed) Work {
	return failsafeGet(
		fallback.NewWithResult[int64](0),
		timeout.New[int64](time.Second),
		retrypolicy.NewWithDefaults[int64](),
		circuitbreaker.NewWithDefaults[int64](),
	)
}

// failsafeGet is With(policies...).Get(fn), the form of its documentation.
func failsafeGet(policies ...failsafe.Policy[int64]) Work {
	return func(n int) {
		var total int64
		fn := func() (int64, error) { return total + 1, nil }
		for range n {
			v, err := failsafe.With(policies...).Get(fn)
			check(err)
			total = v
		}
		sink.Add(total)
	}
}

// failsafeBuilt keeps what With returns.
func failsafeBuilt(*Bed) Work {
	executor := failsafe.With[int64](circuitbreaker.NewWithDefaults[int64]())
	return func(n int) {
		var total int64
		fn := func() (int64, error) { return total + 1, nil }
		for range n {
			v, err := executor.Get(fn)
			check(err)
			total = v
		}
		sink.Add(total)
	}
}

// failsafeRefused is the open breaker of failsafe-go.
func failsafeRefused(*Bed) Work {
	breaker := circuitbreaker.NewWithDefaults[int64]()
	breaker.Open()
	executor := failsafe.With[int64](breaker)
	return func(n int) {
		for range n {
			_, err := executor.Get(func() (int64, error) { return 0, nil })
			if err == nil {
				panic("an open breaker admitted a call")
			}
		}
	}
}

func hystrixRun(b *Bed) Work {
	name := b.Name()
	hystrix.ConfigureCommand(name, hystrix.CommandConfig{Timeout: 1000, MaxConcurrentRequests: 10_000})
	return func(n int) {
		var total int64
		for i := range n {
			check(hystrix.Do(name, func() error {
				total += int64(i)
				return nil
			}, nil))
		}
		sink.Add(total)
	}
}

// requestFuture asks an actor and waits for its reply, as protoactor documents it.
func requestFuture(b *Bed) Work {
	root := b.Actors.Root
	pid := root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if n, ok := c.Message().(*int64); ok {
			c.Respond(n)
		}
	}))
	return func(n int) {
		var message int64
		for range n {
			_, err := root.RequestFuture(pid, &message, time.Minute).Result()
			check(err)
		}
	}
}
