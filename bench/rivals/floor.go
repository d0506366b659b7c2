package main

import (
	"sync/atomic"
	"time"
)

// Floors returns works of the machine itself. A library costs at least the sum of
// those that it needs.
func Floors() []Contender {
	return []Contender{
		{"one atomic load", func(*Bed) Work {
			var word atomic.Int64
			return func(n int) {
				var total int64
				for range n {
					total += word.Load()
				}
				sink.Add(total)
			}
		}},
		{"one atomic add", func(*Bed) Work {
			var word atomic.Int64
			return func(n int) {
				for range n {
					word.Add(1)
				}
			}
		}},
		{"one clock read (time.Now)", func(*Bed) Work {
			return func(n int) {
				var total int64
				for range n {
					total += int64(time.Now().Nanosecond())
				}
				sink.Add(total)
			}
		}},
		{"one call of a closure under a defer", func(*Bed) Work {
			return func(n int) {
				var total int64
				for i := range n {
					deferred(func() { total += int64(i) })
				}
				sink.Add(total)
			}
		}},
		{"one goroutine, started and awaited", func(*Bed) Work {
			done := make(chan struct{})
			return func(n int) {
				for range n {
					go func() { done <- struct{}{} }()
					<-done
				}
			}
		}},
		{"there and back over two channels", pingPong},
	}
}

//go:noinline
func deferred(fn func()) {
	returned := false
	defer func() {
		if !returned {
			sink.Add(1)
		}
	}()
	fn()
	returned = true
}

// pingPong wakes a second goroutine and waits for its answer. A question to an
// owner in another goroutine cannot be faster.
func pingPong(*Bed) Work {
	return func(n int) {
		ping, pong := make(chan struct{}, 1), make(chan struct{}, 1)
		go func() { // ends when the work is done: ping is closed
			for range ping {
				pong <- struct{}{}
			}
		}()
		for range n {
			ping <- struct{}{}
			<-pong
		}
		close(ping)
	}
}
