package main

import (
	"context"
	"maps"
	"os"
	"slices"
	"sync"
	"time"
)

// leaking are ways to leak on purpose: each holds a little more with each call.
// With them the soak shows that it finds leaks.
var leaking = map[string]func(held *[]any){
	"memory":      func(held *[]any) { *held = append(*held, make([]byte, 50<<10)) },
	"timers":      func(held *[]any) { *held = append(*held, time.AfterFunc(24*time.Hour, func() {})) },
	"goroutines":  func(*[]any) { go func() { select {} }() }, // ends with the process
	"descriptors": func(held *[]any) { f, err := os.Open(os.DevNull); *held = append(*held, f, err) },
}

func leaks() []string { return slices.Sorted(maps.Keys(leaking)) }

// leak leaks ten times a second until ctx ends. It returns what it holds.
func leak(ctx context.Context, what string, all *sync.WaitGroup) (held *[]any) {
	held = new([]any)
	more, ok := leaking[what]
	if !ok {
		return held
	}
	all.Go(func() {
		for every(ctx, 100*time.Millisecond) {
			more(held)
		}
	})
	return held
}

// every waits for d, or until ctx ends, and reports whether to go on.
func every(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
