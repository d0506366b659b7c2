package main

import (
	"context"
	"sync"
	"time"
)

// The functions written by hand are not inlined, because in a larger program they
// would have many callers.

//go:noinline
func hardTimeout(ctx context.Context, limit time.Duration, fn func(context.Context) (int64, error)) (int64, error) {
	type answer struct {
		v   int64
		err error
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	answers := make(chan answer, 1)
	go func() {
		v, err := fn(ctx)
		answers <- answer{v, err}
	}()
	select {
	case a := <-answers:
		return a.v, a.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

//go:noinline
func cooperativeTimeout(ctx context.Context, limit time.Duration, fn func(context.Context) (int64, error)) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return fn(ctx)
}

//go:noinline
func retryLoop(ctx context.Context, fn func(context.Context) (int64, error)) (v int64, err error) {
	for attempt := range 3 {
		if v, err = fn(ctx); err == nil || ctx.Err() != nil {
			return v, err
		}
		select {
		case <-time.After(time.Second << attempt):
		case <-ctx.Done():
		}
	}
	return v, err
}

// byHandTimeout is a timeout without a library: a goroutine, a context with a
// deadline, and a channel.
func byHandTimeout(*Bed) Work {
	return func(n int) {
		ctx := context.Background()
		var total int64
		fn := func(context.Context) (int64, error) { return total + 1, nil }
		for range n {
			v, err := hardTimeout(ctx, time.Second, fn)
			check(err)
			total = v
		}
		sink.Add(total)
	}
}

// byHandCooperative is context.WithTimeout around the call.
func byHandCooperative(*Bed) Work {
	return func(n int) {
		ctx := context.Background()
		var total int64
		fn := func(context.Context) (int64, error) { return total + 1, nil }
		for range n {
			v, err := cooperativeTimeout(ctx, time.Second, fn)
			check(err)
			total = v
		}
		sink.Add(total)
	}
}

// mutexBreaker is the simplest breaker with a lock: it counts consecutive failures,
// and has no half-open state and no statistics.
type mutexBreaker struct {
	mu       sync.Mutex
	failures int
	until    time.Time
}

//go:noinline
func (b *mutexBreaker) run(fn func() error) error {
	b.mu.Lock()
	open := b.failures >= 5 && time.Now().Before(b.until)
	b.mu.Unlock()
	if open {
		return errSick
	}
	err := fn()
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil {
		b.failures = 0
		return nil
	}
	b.failures++
	b.until = time.Now().Add(time.Minute)
	return err
}

func byHandBreaker(*Bed) Work {
	breaker := new(mutexBreaker)
	return func(n int) {
		var total int64
		for i := range n {
			check(breaker.run(func() error {
				total += int64(i)
				return nil
			}))
		}
		sink.Add(total)
	}
}

// byHandRetry is a retry without a library: a loop.
func byHandRetry(*Bed) Work {
	return func(n int) {
		ctx := context.Background()
		var total int64
		fn := func(context.Context) (int64, error) { return total + 1, nil }
		for range n {
			v, err := retryLoop(ctx, fn)
			check(err)
			total = v
		}
		sink.Add(total)
	}
}
