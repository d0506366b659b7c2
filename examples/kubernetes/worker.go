package main

import (
	"context"
	"time"

	"github.com/understudy-go/understudy/api/checks"
)

// worker processes a queue, one job after the other.
type worker struct {
	heartbeat *checks.Heartbeat
	quit      chan struct{} // closed by finish
	done      chan struct{} // closed when work has returned
}

func newWorker() *worker {
	return &worker{
		heartbeat: checks.NewHeartbeat(30 * time.Second), // no job takes longer
		quit:      make(chan struct{}),
		done:      make(chan struct{}),
	}
}

// work does one job a second until finish is called, with a heartbeat after each.
func (w *worker) work() {
	defer close(w.done)
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C: // a job
			w.heartbeat.Beat()
		case <-w.quit:
			return
		}
	}
}

// finish ends work after the current job. It blocks until then or until ctx ends.
func (w *worker) finish(ctx context.Context) error {
	close(w.quit)
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ping stands for a request to the queue.
func (w *worker) ping(ctx context.Context) error { return ctx.Err() }
