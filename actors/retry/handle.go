package retry

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/understudy-go/understudy/actors/internal/ask"
	"github.com/understudy-go/understudy/actors/internal/owner"
	"github.com/understudy-go/understudy/messages"
)

// Handle is a policy as its callers hold it. Its owner is an actor that is
// spawned by the first message; a policy whose calls all succeed needs none.
// All methods may be called by many goroutines at once.
type Handle struct {
	host     owner.Host
	name     string
	closed   atomic.Bool              // the system shuts down
	settings atomic.Pointer[settings] // what the owner published last
	calls    atomic.Uint64            // begun so far
	owner    owner.Once[ownerState]
}

// settings is what callers read: never changed once published.
type settings struct {
	cfg   Config
	tally *tally // of the calls in the budget's window; nil: no budget
}

// New makes the handle of a policy, but no actor yet. It returns a
// *messages.ConfigError when the name is empty or a setting makes no sense.
func New(host owner.Host, name string, cfg Config) (*Handle, error) {
	cfg, err := Checked(name, cfg)
	if err != nil {
		return nil, err
	}
	h := &Handle{host: host, name: name}
	h.publish(cfg, time.Now())
	return h, nil
}

// Name returns the policy's name.
func (h *Handle) Name() string { return h.name }

// Config returns the settings in force, defaults filled in. The caller may
// change what it gets.
func (h *Handle) Config() Config { return h.settings.Load().cfg.withDefaults() }

// Close refuses calls from now on: the system shuts down.
func (h *Handle) Close() { h.closed.Store(true) }

// Configure replaces the settings, live: statistics are kept, and so is what
// the budget has seen. It returns a *messages.ConfigError, or ErrShutdown.
func (h *Handle) Configure(cfg Config) error {
	cfg, err := Checked(h.name, cfg)
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

// Stats asks for what the policy has counted, or returns ErrShutdown.
func (h *Handle) Stats() (messages.RetryStats, error) {
	if h.closed.Load() {
		return messages.RetryStats{}, messages.ErrShutdown
	}
	o := h.owner.Load()
	if o == nil { // no attempt has failed yet
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

// publish shows new settings to the callers: New does it once, then only the
// owner. The calls in the budget's window stay counted.
func (h *Handle) publish(cfg Config, now time.Time) {
	next := &settings{cfg: cfg}
	if cfg.Budget != nil {
		next.tally = h.settings.Load().tallyFor(cfg.Budget.width(), now)
	}
	h.settings.Store(next)
}

// tallyFor returns the tally for buckets of that width.
func (s *settings) tallyFor(width time.Duration, now time.Time) *tally {
	t := &tally{origin: now, width: width}
	if s == nil || s.tally == nil {
		return t
	}
	if s.tally.width == width {
		return s.tally
	}
	t.add(0, s.tally.sum(now.Sub(s.tally.origin)))
	return t
}
