package health

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// Func is a health check. If it returns nil the check is HEALTHY; an error of
// Degrade, DEGRADED; any other error, UNHEALTHY. The details are part of the result
// in each case. The result holds a copy of them, made by Bounded, and at most 4 KiB
// of the error's text.
type Func = func(ctx context.Context) (messages.Details, error)

// Degrade returns an error with that message. A check that returns it is DEGRADED.
func Degrade(message string) error { return &degraded{message} }

type degraded struct{ message string }

func (d *degraded) Error() string { return d.message }

// runner runs the check. It owns the goroutine of the run in flight.
type runner struct {
	check   Func
	timeout time.Duration
	life    context.Context // of the check: the parent of the contexts of its runs and generations
	end     context.CancelCauseFunc

	mu       sync.Mutex
	inFlight chan struct{} // closed when the last run has returned; nil: there was none
}

func newRunner(check Func, timeout time.Duration) *runner {
	life, end := context.WithCancelCause(context.Background())
	return &runner{check: check, timeout: timeout, life: life, end: end}
}

// start begins a run in a new goroutine, which ends when the check returns. After
// close it does nothing.
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

// call runs the check and fills in its result, even if the check panics or calls
// runtime.Goexit.
func (r *runner) call(res *messages.RunResult) {
	ctx, cancel := context.WithTimeout(r.life, r.timeout)
	defer cancel()
	res.Status, res.Message = messages.Unhealthy, "exited its goroutine"
	defer func() {
		res.At = time.Now()
		if p := recover(); p != nil {
			res.Panicked = true
			res.Message = cut(fmt.Sprint(p), maxMessage)
			res.Stack = string(debug.Stack())
		}
	}()
	details, err := r.check(ctx)
	res.Details = Bounded(details)
	res.Status, res.Message = classify(err)
}

// classify returns the status and the message for what a check returned.
func classify(err error) (messages.Status, string) {
	if err == nil {
		return messages.Healthy, ""
	}
	message := cut(err.Error(), maxMessage)
	if d := (*degraded)(nil); errors.As(err, &d) {
		return messages.Degraded, message
	}
	return messages.Unhealthy, message
}

// close cancels the run in flight and refuses new ones.
func (r *runner) close(cause error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.end(cause)
}

// ifAlive calls fn unless the runner was closed, and reports whether it did. close
// waits until fn returns. So nothing is sent to the owner after close, and what a
// check returns because it was cancelled is no result.
func (r *runner) ifAlive(fn func()) (called bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.life.Err() != nil {
		return false
	}
	fn()
	return true
}

// returned returns a channel that is closed when the last run has returned; nil if
// there was no run.
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
