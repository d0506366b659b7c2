package main

import (
	"context"
	"time"

	"github.com/avast/retry-go/v5"
	"github.com/cenkalti/backoff/v5"
	"github.com/eapache/go-resiliency/retrier"
	goretry "github.com/sethvargo/go-retry"
)

// The retries of the rivals, made like the works in rivals.go.

func eapacheRetrier(*Bed) Work {
	retry := retrier.New(retrier.ExponentialBackoff(3, time.Second), nil)
	return func(n int) {
		var total int64
		for i := range n {
			check(retry.Run(func() error {
				total += int64(i)
				return nil
			}))
		}
		sink.Add(total)
	}
}

// avastRetry makes its retrier once, which is the fastest form.
func avastRetry(*Bed) Work {
	retrier := retry.NewWithData[int64](retry.Attempts(3), retry.Delay(time.Second))
	return func(n int) {
		var total int64
		fn := func() (int64, error) { return total + 1, nil }
		for range n {
			v, err := retrier.Do(fn)
			check(err)
			total = v
		}
		sink.Add(total)
	}
}

// avastNew makes its retrier for each call, like the first example of its
// documentation.
func avastNew(*Bed) Work {
	return func(n int) {
		var total int64
		fn := func() (int64, error) { return total + 1, nil }
		for range n {
			v, err := retry.NewWithData[int64](retry.Attempts(3), retry.Delay(time.Second)).Do(fn)
			check(err)
			total = v
		}
		sink.Add(total)
	}
}

func backoffRetry(*Bed) Work {
	return func(n int) {
		ctx := context.Background()
		var total int64
		fn := func() (int64, error) { return total + 1, nil }
		for range n {
			v, err := backoff.Retry(ctx, fn, backoff.WithMaxTries(3))
			check(err)
			total = v
		}
		sink.Add(total)
	}
}

func goRetry(*Bed) Work {
	return func(n int) {
		ctx := context.Background()
		var total int64
		fn := func(context.Context) (int64, error) { return total + 1, nil }
		for range n {
			// A back-off of this library counts its attempts: each call needs its own.
			policy := goretry.WithMaxRetries(2, goretry.NewExponential(time.Second))
			v, err := goretry.DoValue(ctx, policy, fn)
			check(err)
			total = v
		}
		sink.Add(total)
	}
}
