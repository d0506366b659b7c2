package retry

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/understudy-go/understudy/actors/internal/ask"
	"github.com/understudy-go/understudy/actors/internal/owner"
	"github.com/understudy-go/understudy/messages"
)

// Handle is what callers use of a policy. Its owner is spawned by the first
// message, so that a policy whose calls all succeed has none. It is safe for
// concurrent use.
type Handle struct {
	shared    *Shared
	name      string
	closed    atomic.Bool              // the system is shut down
	settings  atomic.Pointer[settings] // published by the owner
	calls     atomic.Uint64            // calls begun so far
	recovered atomic.Uint64            // calls so far that succeeded at a later attempt than the first
	owner     owner.Once[ownerState]
}

// Shared is what the policies of one system share.
type Shared struct {
	Host owner.Host // runs the owners
	// OnCall receives the end of each attempt, in the goroutine that made it, with the ctx of the attempt. It must not
	// panic. It must be set before the first policy is made. nil: nobody wants it.
	OnCall func(ctx context.Context, end messages.CallEnd)
}

// settings is what callers read. It does not change once it is published, except
// for the counts of recent.
type settings struct {
	cfg    Config
	number uint64       // that machine.settings has with this cfg
	recent *recentCalls // nil: no budget
	plain  bool         // there is no budget and no OnCall: a call only counts
}

// New makes the handle of a policy. It returns a *messages.ConfigError if the name
// or a setting is bad.
func New(shared *Shared, name string, cfg Config) (*Handle, error) {
	cfg, err := cfg.Normalize(name)
	if err != nil {
		return nil, err
	}
	h := &Handle{shared: shared, name: name}
	h.publish(cfg, 0, time.Now())
	return h, nil
}

// Name returns the policy's name.
func (h *Handle) Name() string { return h.name }

// Config returns the current settings, defaults filled in. The caller may modify
// the result.
func (h *Handle) Config() Config { return h.settings.Load().cfg.withDefaults() }

// Close makes Begin return ErrShutdown from now on.
func (h *Handle) Close() { h.closed.Store(true) }

// Configure replaces the settings. The statistics, and the calls and retries that
// the budget has counted, are kept. If a setting is bad it returns a
// *messages.ConfigError and changes nothing. Other errors are ErrShutdown and
// ErrCrashed.
func (h *Handle) Configure(cfg Config) error {
	cfg, err := cfg.Normalize(h.name)
	if err != nil {
		return err
	}
	o, err := h.owner.Get(h.spawn)
	if err != nil {
		return err
	}
	var pool ask.Pool[configure, struct{}]
	_, err = pool.Ask(context.Background(), o.bench.Address, configure{at: time.Now(), cfg: cfg})
	return err
}

// Stats returns the counts of the policy. The errors are ErrShutdown and
// ErrCrashed.
func (h *Handle) Stats() (messages.RetryStats, error) {
	if h.closed.Load() {
		return messages.RetryStats{}, messages.ErrShutdown
	}
	o := h.owner.Load()
	if o == nil { // no message yet: no attempt has failed
		return messages.RetryStats{Name: h.name, Calls: h.calls.Load()}, nil // and none has recovered
	}
	var pool ask.Pool[stats, messages.RetryStats]
	s, err := pool.Ask(context.Background(), o.bench.Address, stats{})
	if err != nil {
		return messages.RetryStats{}, err
	}
	s.Calls, s.Recovered = h.calls.Load(), h.recovered.Load()
	return s, nil
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// publish publishes new settings to callers. New calls it once, then only the
// owner does. The calls in the budget's window stay counted.
func (h *Handle) publish(cfg Config, number uint64, now time.Time) {
	next := &settings{cfg: cfg, number: number, plain: cfg.Budget == nil && h.shared.OnCall == nil}
	if cfg.Budget != nil {
		next.recent = h.settings.Load().recentFor(cfg.Budget, now)
	}
	h.settings.Store(next)
}

// recentFor returns the count of recent calls for a budget. If it has another
// Window than the last one, the calls are moved to a new count.
func (s *settings) recentFor(b *Budget, now time.Time) *recentCalls {
	if s == nil || s.recent == nil {
		return newRecentCalls(b, now)
	}
	next := newRecentCalls(b, s.recent.origin)
	if next.width == s.recent.width && next.held == s.recent.held {
		return s.recent
	}
	next.carry(s.recent, now.Sub(next.origin))
	return next
}
