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
	host     owner.Host
	name     string
	closed   atomic.Bool              // the system is shut down
	settings atomic.Pointer[settings] // published by the owner
	calls    atomic.Uint64            // calls begun so far
	owner    owner.Once[ownerState]
}

// settings is what callers read. It does not change once it is published, except
// for the counts of recent.
type settings struct {
	cfg    Config
	recent *recentCalls // nil: no budget
}

// New makes the handle of a policy. It returns a *messages.ConfigError if the name
// or a setting is bad.
func New(host owner.Host, name string, cfg Config) (*Handle, error) {
	cfg, err := cfg.Normalize(name)
	if err != nil {
		return nil, err
	}
	h := &Handle{host: host, name: name}
	h.publish(cfg, time.Now())
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
		return messages.RetryStats{Name: h.name, Calls: h.calls.Load()}, nil
	}
	var pool ask.Pool[stats, messages.RetryStats]
	s, err := pool.Ask(context.Background(), o.bench.Address, stats{})
	if err != nil {
		return messages.RetryStats{}, err
	}
	s.Calls = h.calls.Load()
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
func (h *Handle) publish(cfg Config, now time.Time) {
	next := &settings{cfg: cfg}
	if cfg.Budget != nil {
		next.recent = h.settings.Load().recentFor(cfg.Budget.width(), now)
	}
	h.settings.Store(next)
}

// recentFor returns the count of recent calls in buckets of that width. If the
// width has changed, all of them are in the first bucket of a new count.
func (s *settings) recentFor(width time.Duration, now time.Time) *recentCalls {
	t := &recentCalls{origin: now, width: width}
	if s == nil || s.recent == nil {
		return t
	}
	if s.recent.width == width {
		return s.recent
	}
	t.add(0, s.recent.sum(now.Sub(s.recent.origin)))
	return t
}
