package health

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/understudy-go/understudy/actors/internal/ask"
	"github.com/understudy-go/understudy/actors/internal/owner"
	"github.com/understudy-go/understudy/messages"
)

// ErrDeregistered is the cause of the end of a run whose check was deregistered.
var ErrDeregistered = errors.New("the check was deregistered")

var errCrashed = errors.New("the check panicked")

// Handle is what callers use of a check: its settings, its last result, and Run. It
// is safe for concurrent use.
type Handle struct {
	name       string
	cfg        Config
	shared     *Shared
	runner     *runner
	owner      messages.Address           // nil: the check is passive
	view       atomic.Pointer[view]       // the last result, published by the owner
	upstream   []*Handle                  // the checks it depends on, directly or not; each after those it depends on itself
	generation atomic.Pointer[generation] // of the owner
	asks       ask.Pool[messages.RunNow, Result]
}

// Shared is what the checks of one system share: the runtime of their owners, and
// the semaphore that limits their runs.
type Shared struct {
	host      owner.Host
	semaphore *semaphore
	published atomic.Uint64 // how many results were published
}

// NewShared returns what the checks of the system of host share. At most limit
// checks run at the same time.
func NewShared(host owner.Host, limit int) *Shared {
	return &Shared{host: host, semaphore: newSemaphore(limit)}
}

// Published returns how many results the checks have published. While it is the
// same, results differ only by the time at which they are read.
func (s *Shared) Published() uint64 { return s.published.Load() }

// Logger returns the log of the system.
func (s *Shared) Logger() *slog.Logger { return s.host.Logger() }

// generation is a context that ends when the owner crashes, with errCrashed, and
// when the runner is closed, with the cause of that. After a crash the owner begins
// a new one.
type generation struct {
	context.Context
	end context.CancelCauseFunc
}

// Start makes a check and begins its first run. Dependencies are the checks that
// cfg.DependsOn names. If the name or a setting is bad, or check is nil, it returns
// a *messages.ConfigError; once the host is shut down, ErrShutdown.
func Start(shared *Shared, name string, cfg Config, check Func, dependencies ...*Handle) (*Handle, error) {
	if err := cfg.Check(name); err != nil {
		return nil, err
	}
	if check == nil {
		return nil, &messages.ConfigError{Kind: "check", Name: name, Field: "Check", Problem: messages.MustNotBeNil}
	}
	cfg = cfg.withDefaults()
	h := &Handle{name: name, cfg: cfg, shared: shared, runner: newRunner(check, cfg.Timeout), upstream: upstream(dependencies)}
	m := &machine{cfg: cfg, last: Result{Name: name}}
	h.view.Store(m.view(time.Now()))
	h.revive()
	if err := h.spawn(m); err != nil {
		h.runner.close(err)
		return nil, err
	}
	return h, nil
}

// Name returns the check's name.
func (h *Handle) Name() string { return h.name }

// Config returns the check's settings, defaults filled in. Callers must not modify
// its slices.
func (h *Handle) Config() Config { return h.cfg }

// Groups returns the groups of the check, sorted, without duplicates. Callers must
// not modify it.
func (h *Handle) Groups() []string { return h.cfg.Groups }

// Result returns the last result as of now. It never blocks.
func (h *Handle) Result(now time.Time) Result { return h.WithBlocker(h.view.Load().read(now), now) }

// Run returns a fresh result: it starts a run or joins the one in flight. If the
// check is stuck or crashed it returns the last result; if it is blocked, it first
// runs the checks that block it. If ctx ends before, the run goes on, and the result
// is Unknown with the error of ctx.
//
// The end of one of three contexts ends the wait for the owner's answer:
//
//   - ctx, of the caller: the result is Unknown, "not finished".
//   - the generation: the owner crashed, and the result is the last one.
//   - the life of the runner, the parent of all generations: the check was stopped,
//     and the result is Unknown, with the cause.
//
// The invariant: Run waits on a generation only if it was current when Run began.
// The owner ends it when the check panics, and at the latest when it is restarted
// after a crash, so no caller waits for an answer that was lost.
func (h *Handle) Run(ctx context.Context) Result {
	if ctx == nil {
		return h.unfinished(errors.New("ctx is nil"))
	}
	ctx = Caller(ctx)
	if err := ctx.Err(); err != nil {
		return h.unfinished(err)
	}
	if h.IsPassive() {
		return h.Result(time.Now())
	}
	current := h.generation.Load()
	if current.Err() != nil {
		return h.interrupted(context.Cause(current))
	}
	if h.recheckUpstream(ctx) {
		return h.Result(time.Now())
	}
	wait, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(current, cancel)()
	r, err := h.asks.Ask(wait, alive{h}, messages.RunNow{})
	switch {
	case err == nil:
		return r
	case current.Err() != nil:
		return h.interrupted(context.Cause(current))
	default: // ctx ended, or the owner crashed while it handled the question
		return h.unfinished(err)
	}
}

// interrupted returns the result for a caller whose generation has ended.
func (h *Handle) interrupted(cause error) Result {
	if cause == errCrashed { // never wrapped
		return h.Result(time.Now())
	}
	return h.unfinished(cause)
}

// unfinished returns the Unknown result for a caller that gets no answer.
func (h *Handle) unfinished(cause error) Result {
	r := h.Result(time.Now())
	r.Status, r.Message = messages.Unknown, "not finished: "+cut(cause.Error(), maxMessage)
	return r
}

// publish publishes a new view.
func (h *Handle) publish(v *view) {
	h.view.Store(v)
	h.shared.published.Add(1) // after the view: a reader that sees the count sees the view
}

// Stop stops the owner and cancels the run in flight. It does not wait for either.
func (h *Handle) Stop() {
	h.Cancel(ErrDeregistered)
	h.shared.host.Stop(h.owner)
}

// Cancel cancels the run in flight, and no other run begins. The callers that wait
// for a result get an Unknown one with cause. The last result is kept.
func (h *Handle) Cancel(cause error) { h.runner.close(cause) }

// Returned returns a channel that is closed when the last run has returned; nil if
// there was no run. Call it after Stop or Cancel, so that no other run begins.
func (h *Handle) Returned() <-chan struct{} { return h.runner.returned() }

// Running reports whether a run is in flight.
func (h *Handle) Running() bool { return h.runner.running() }

// alive is the owner's address until the runner is closed. A later message is lost.
type alive struct{ h *Handle }

func (a alive) Send(message any)      { a.h.runner.ifAlive(func() { a.h.owner.Send(message) }) }
func (a alive) Done() <-chan struct{} { return a.h.owner.Done() }

// revive begins a new generation of the owner.
func (h *Handle) revive() {
	ctx, end := context.WithCancelCause(h.runner.life)
	if old := h.generation.Swap(&generation{ctx, end}); old != nil {
		old.end(errCrashed)
	}
}

// crash ends the generation: the callers that wait get the last result.
func (h *Handle) crash() { h.generation.Load().end(errCrashed) }
