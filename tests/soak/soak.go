package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"
)

// soak runs a world for the duration in the options, or until ctx ends, and takes
// a sample every second.
func soak(ctx context.Context, o options, stderr io.Writer) (*report, error) {
	before := take(0)
	w, err := newWorld(o)
	if err != nil {
		return nil, err
	}
	r := &report{options: o, warmUp: min(o.duration/4, time.Minute), samples: make([]sample, 0, int(o.duration.Seconds())+10)}
	p := newProgress(stderr, o)
	life, end := context.WithTimeout(ctx, o.duration)
	defer end()
	var all sync.WaitGroup
	w.live(life, &all)
	leaked := leak(life, o.leak, &all)
	begin := time.Now()
	for tick := time.NewTicker(time.Second); life.Err() == nil; {
		select {
		case <-tick.C:
			w.second.Lock() // no sample is taken while a second system runs
			r.samples = append(r.samples, take(time.Since(begin)))
			w.second.Unlock()
			p.show(r.samples[len(r.samples)-1])
		case <-life.Done():
			tick.Stop()
		}
	}
	p.finish()
	all.Wait()
	r.took = time.Since(begin)
	w.end(r)
	r.leftBehind(before)
	runtime.KeepAlive(leaked)
	r.judge()
	if ctx.Err() == nil && !r.verdicts[0].judged {
		r.broken = append(r.broken, fmt.Sprintf("too busy to be judged: %d samples in all, and after the warm-up less than %d", len(r.samples), fewest))
	}
	return r, nil
}

// leftBehind compares what the process holds after everything was shut down with
// what it held before the start. It gives goroutines time to end.
func (r *report) leftBehind(before sample) {
	after := take(0)
	for deadline := time.Now().Add(10 * time.Second); after.goroutines > before.goroutines && time.Now().Before(deadline); after = take(0) {
		time.Sleep(100 * time.Millisecond)
	}
	if after.goroutines > before.goroutines {
		r.broken = append(r.broken, fmt.Sprintf("%d goroutines are left: %.0f before, %.0f after", int(after.goroutines-before.goroutines), before.goroutines, after.goroutines))
	}
	if after.descriptors > before.descriptors {
		r.broken = append(r.broken, fmt.Sprintf("%.0f file descriptors before, %.0f after", before.descriptors, after.descriptors))
	}
}
