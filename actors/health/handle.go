package health

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/understudy-go/understudy/actors/internal/ask"
	"github.com/understudy-go/understudy/actors/internal/owner"
	"github.com/understudy-go/understudy/messages"
)

// ErrDeregistered is why a run ended whose check was deregistered meanwhile.
var ErrDeregistered = errors.New("the check was deregistered")

var errCrashed = errors.New("the check panicked")

// Handle is what others hold of a check: its settings, its last result and a
// way to ask for a fresh one.
type Handle struct {
	name     string
	cfg      Config
	shared   *Shared
	runner   *runner
	owner    messages.Address
	view     atomic.Pointer[view]        // the last result, published by the owner
	upstream []*Handle                   // what it depends on, directly or not; root causes first
	life     atomic.Pointer[incarnation] // ends when the owner crashes
	asks     ask.Pool[messages.RunNow, Result]
}

// Shared is what the checks of one system share: where their owners live, and
// the slots they run in.
type Shared struct {
	host      owner.Host
	slots     *slots
	published atomic.Uint64 // how often one of them has published something
}

// NewShared returns what checks share of which at most so many run at once.
func NewShared(host owner.Host, atOnce int) *Shared {
	return &Shared{host: host, slots: newSlots(atOnce)}
}

// Published counts what the checks have published. While it stays the same,
// time alone changes what they say.
func (s *Shared) Published() uint64 { return s.published.Load() }

// incarnation is the time between two crashes of the owner.
type incarnation struct {
	context.Context
	end context.CancelCauseFunc
}

// Start makes a check and begins its first run. Dependencies are the checks
// that cfg.DependsOn names. A bad setting is a *ConfigError; after the shutdown
// of the host it returns ErrShutdown.
func Start(shared *Shared, name string, cfg Config, check Func, dependencies ...*Handle) (*Handle, error) {
	if err := cfg.validate(name); err != nil {
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

// Config returns the check's settings, defaults filled in. They are read only.
func (h *Handle) Config() Config { return h.cfg }

// Groups returns the groups the check is in, sorted, each once. They are read only.
func (h *Handle) Groups() []string { return h.cfg.Groups }

// Result returns the last result as it reads now. It never waits.
func (h *Handle) Result(now time.Time) Result { return h.WithBlocker(h.view.Load().read(now), now) }

// Run returns a fresh result: it starts a run, or joins the one in flight. A
// check that is stuck, crashed or blocked answers with what is known; the check
// that blocks it is run first. When ctx ends before, the run goes on and this
// answer is Unknown, with ctx's error.
func (h *Handle) Run(ctx context.Context) Result {
	if ctx == nil {
		return h.unfinished(errors.New("ctx is nil"))
	}
	if ctx.Err() != nil {
		return h.unfinished(ctx.Err())
	}
	if h.IsPassive() {
		return h.Result(time.Now())
	}
	life := h.life.Load()
	if life.Err() != nil {
		return h.interrupted(context.Cause(life))
	}
	if h.recheckUpstream(ctx) {
		return h.Result(time.Now())
	}
	wait, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(life, cancel)()
	r, err := h.asks.Ask(wait, alive{h}, messages.RunNow{})
	switch {
	case err == nil:
		return r
	case life.Err() != nil:
		return h.interrupted(context.Cause(life))
	default: // ctx ended, or the owner crashed on the question
		return h.unfinished(err)
	}
}

func (h *Handle) interrupted(cause error) Result {
	if cause == errCrashed { // it is a cause of our own, never wrapped
		return h.Result(time.Now())
	}
	return h.unfinished(cause)
}

func (h *Handle) unfinished(cause error) Result {
	r := h.Result(time.Now())
	r.Status, r.Message = messages.Unknown, "not finished: "+cause.Error()
	return r
}

// publish shows the world a new view.
func (h *Handle) publish(v *view) {
	h.view.Store(v)
	h.shared.published.Add(1) // after the view: who sees the count sees the view
}

// Stop ends the owner and cancels the run in flight.
func (h *Handle) Stop() {
	h.Cancel(ErrDeregistered)
	h.shared.host.Stop(h.owner)
}

// Cancel cancels the run in flight, releases who waits for it, and lets no
// other run begin. The last result stays.
func (h *Handle) Cancel(cause error) { h.runner.close(cause) }

// Returned is closed when the last run begun has returned; call it after Stop
// or Cancel. It is nil if there never was a run.
func (h *Handle) Returned() <-chan struct{} { return h.runner.returned() }

// Running reports whether a run is in flight.
func (h *Handle) Running() bool { return h.runner.running() }

// alive is the owner's address for as long as it may be sent to.
type alive struct{ h *Handle }

func (a alive) Send(message any)      { a.h.runner.ifAlive(func() { a.h.owner.Send(message) }) }
func (a alive) Done() <-chan struct{} { return a.h.owner.Done() }

// revive begins an incarnation of the owner.
func (h *Handle) revive() {
	ctx, end := context.WithCancelCause(h.runner.life)
	if old := h.life.Swap(&incarnation{ctx, end}); old != nil {
		old.end(errCrashed)
	}
}

// crash ends the incarnation: whoever asked gets what is known.
func (h *Handle) crash() { h.life.Load().end(errCrashed) }
