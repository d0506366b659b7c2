package health

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"sync"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// Func is a health check: nil means HEALTHY, an error made by Degrade
// DEGRADED, any other error UNHEALTHY. Details are shown in each case; they
// must not be modified after it returned.
type Func = func(ctx context.Context) (messages.Details, error)

// Degrade returns an error that makes a check DEGRADED.
func Degrade(message string) error { return &degraded{message} }

type degraded struct{ message string }

func (d *degraded) Error() string { return d.message }

// runner owns the goroutine of the one run in flight.
type runner struct {
	check   Func
	timeout time.Duration
	life    context.Context // parent of every run's context
	end     context.CancelCauseFunc

	mu       sync.Mutex
	inFlight chan struct{} // closed when the last run begun has returned; nil: none yet
}

func newRunner(check Func, timeout time.Duration) *runner {
	life, end := context.WithCancelCause(context.Background())
	return &runner{check: check, timeout: timeout, life: life, end: end}
}

// start begins a run in a goroutine of its own, which ends when the check
// returns. It does nothing once the runner was closed.
func (r *runner) start(run uint64, report func(messages.RunResult)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.life.Err() != nil {
		return
	}
	done := make(chan struct{})
	r.inFlight = done
	go func() {
		defer close(done)
		res := messages.RunResult{Run: run}
		defer func() { report(res) }()
		r.call(&res)
	}()
}

// call runs the check and fills in what became of it, also when it panics or
// ends its goroutine.
func (r *runner) call(res *messages.RunResult) {
	ctx, cancel := context.WithTimeout(r.life, r.timeout)
	defer cancel()
	res.Status, res.Message = messages.Unhealthy, "exited its goroutine"
	defer func() {
		res.At = time.Now()
		if p := recover(); p != nil {
			res.Panicked = true
			res.Message = fmt.Sprint(p)
			res.Stack = string(debug.Stack())
		}
	}()
	details, err := r.check(ctx)
	res.Details = maps.Clone(details)
	res.Status, res.Message = classify(err)
}

func classify(err error) (messages.Status, string) {
	if err == nil {
		return messages.Healthy, ""
	}
	if d := (*degraded)(nil); errors.As(err, &d) {
		return messages.Degraded, err.Error()
	}
	return messages.Unhealthy, err.Error()
}

// close cancels the run in flight and refuses new ones.
func (r *runner) close(cause error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.end(cause)
}

// ifAlive calls fn unless the runner was closed; close waits for it. So after
// close nothing is sent to an owner that may have stopped, and what a check
// says because it was told to stop is no result.
func (r *runner) ifAlive(fn func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.life.Err() == nil {
		fn()
	}
}

// returned is closed once no run is in flight. Nil: there never was one.
func (r *runner) returned() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.inFlight
}

// running reports whether a run is in flight.
func (r *runner) running() bool {
	done := r.returned()
	if done == nil {
		return false
	}
	select {
	case <-done:
		return false
	default:
		return true
	}
}
