package api

import (
	"time"

	"github.com/understudy-go/understudy/api/internal/pipeline"
	"github.com/understudy-go/understudy/messages"
)

// Permit is the admission of one call, from Acquire. Safe for concurrent use.
type Permit struct{ entry pipeline.Entry }

// Done reports how the call ended and returns once that is in. The first call
// of Done or Cancel counts, later ones do nothing.
func (p *Permit) Done(err error) {
	if p != nil {
		p.entry.Report(err)
	}
}

// Cancel gives the permit back unused: Ignored.
func (p *Permit) Cancel() {
	if p != nil {
		p.entry.Cancel()
	}
}

// State returns the state as of now. Wait-free.
func (b *Breaker) State() State {
	if !b.isMade() {
		return Closed
	}
	return b.h.State()
}

// TimeUntilReset returns how long the circuit stays open: 0 unless OPEN, and 0
// when forced open. Wait-free.
func (b *Breaker) TimeUntilReset() time.Duration {
	if !b.isMade() {
		return 0
	}
	return b.h.TimeUntilReset()
}

// Stats asks the owner for its counts: they are consistent among each other and
// include every call that has returned. ErrShutdown after Shutdown.
func (b *Breaker) Stats() (BreakerStats, error) {
	if !b.isMade() {
		return BreakerStats{}, errNotMadeBreaker
	}
	return b.h.Stats()
}

// Reset closes the circuit, clears streak and window, and leaves the decision
// to the breaker again. Totals are kept; calls that run are late.
func (b *Breaker) Reset() error { return b.order(messages.Reset) }

// ForceOpen refuses everything until Reset.
func (b *Breaker) ForceOpen() error { return b.order(messages.ForceOpen) }

// Disable admits everything until Reset. The breaker reads CLOSED and still counts.
func (b *Breaker) Disable() error { return b.order(messages.Disable) }

func (b *Breaker) order(o messages.Order) error {
	if !b.isMade() {
		return errNotMadeBreaker
	}
	return b.h.Order(o)
}

// Configure replaces all settings while the breaker runs; fields that are zero
// get their defaults. State and counts are kept, a different Window starts
// empty, a circuit that is open keeps its deadline. Bad settings are a
// *ConfigError and change nothing.
func (b *Breaker) Configure(cfg BreakerConfig) error {
	if !b.isMade() {
		return errNotMadeBreaker
	}
	return b.h.Configure(cfg)
}
