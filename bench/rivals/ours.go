package main

import (
	"context"
	"time"

	"github.com/understudy-go/understudy/api"
)

// Each function below returns a work of understudy. The functions given to Run
// capture variables and are made for each call; if they escaped, each call would
// allocate.

func oursRun(cfg api.BreakerConfig) func(*Bed) Work {
	return func(b *Bed) Work { return runOn(b.Breaker(cfg), context.Background()) }
}

func oursRunCancellable(b *Bed) Work {
	return runOn(b.Breaker(api.BreakerConfig{}), b.Context)
}

func runOn(breaker *api.Breaker, ctx context.Context) Work {
	return func(n int) {
		var total int64
		for i := range n {
			check(breaker.Run(ctx, func(context.Context) error {
				total += int64(i)
				return nil
			}))
		}
		sink.Add(total)
	}
}

func oursRefused(b *Bed) Work {
	breaker := b.Breaker(api.BreakerConfig{FailureThreshold: 1, ResetTimeout: time.Hour})
	ctx := context.Background()
	expect(breaker.Run(ctx, func(context.Context) error { return errSick }), errSick)
	return func(n int) {
		var total int64
		for i := range n {
			if err := breaker.Run(ctx, func(context.Context) error {
				total += int64(i)
				return nil
			}); err == nil {
				panic("an open breaker admitted a call")
			}
		}
		sink.Add(total)
	}
}

func oursFailing(b *Bed) Work { return failOn(b.Breaker(api.BreakerConfig{FailureThreshold: Never})) }

func failOn(breaker *api.Breaker) Work {
	return func(n int) {
		ctx := context.Background()
		var total int64
		for i := range n {
			if err := breaker.Run(ctx, func(context.Context) error {
				total += int64(i)
				return errSick
			}); err != errSick {
				panic(err)
			}
		}
		sink.Add(total)
	}
}

func oursDoBreaker(b *Bed) Work { return doUnder(b.Breaker(api.BreakerConfig{})) }

func oursDoRetry(b *Bed) Work { return doUnder(b.Retry()) }

func oursDoRetryBreaker(b *Bed) Work {
	return doUnder(api.Compose(b.Retry(), b.Breaker(api.BreakerConfig{})))
}

func oursDoAll(b *Bed) Work {
	timeout := api.TimeoutConfig{Limit: time.Second, Cooperative: true}
	return doUnder(api.Compose(timeout, b.Retry(), b.Breaker(api.BreakerConfig{})), api.Value(int64(0)))
}

func oursCooperativeTimeout(*Bed) Work {
	return doUnder(api.TimeoutConfig{Limit: time.Second, Cooperative: true})
}

func oursHardTimeout(*Bed) Work { return doUnder(api.Timeout(time.Second)) }

// doUnder calls a function that is made once, like a method of a client.
func doUnder(p api.Policy, fallbacks ...api.Func[int64]) Work {
	return func(n int) {
		ctx := context.Background()
		var total int64
		fn := func(context.Context) (int64, error) { return total + 1, nil }
		for range n {
			v, err := api.Do(ctx, p, fn, fallbacks...)
			check(err)
			total = v
		}
		sink.Add(total)
	}
}

// oursDoCapturing makes its function for each call. Do may hand it to another
// goroutine, so the compiler puts it on the heap.
func oursDoCapturing(b *Bed) Work {
	breaker := b.Breaker(api.BreakerConfig{})
	return func(n int) {
		ctx := context.Background()
		var total int64
		for i := range n {
			v, err := api.Do(ctx, breaker, func(context.Context) (int64, error) { return total + int64(i), nil })
			check(err)
			total = v
		}
		sink.Add(total)
	}
}
