package api

import (
	"context"

	"github.com/understudy-go/understudy/actors/breaker"
	"github.com/understudy-go/understudy/api/internal/pipeline"
	"github.com/understudy-go/understudy/messages"
)

// Reset closes the circuit, clears streak and window, and leaves the decision
// to the breaker again. Totals are kept; calls that run are late.
func (b *Breaker) Reset() error { return b.order(messages.Reset) }

// ForceOpen refuses everything until Reset.
func (b *Breaker) ForceOpen() error { return b.order(messages.ForceOpen) }

// Disable admits everything until Reset. The breaker reads CLOSED and still counts.
func (b *Breaker) Disable() error { return b.order(messages.Disable) }

func (b *Breaker) order(o messages.Order) error {
	if !b.valid() {
		return errInvalidBreaker
	}
	return b.handle.Order(o)
}

// Configure replaces all settings while the breaker runs; fields that are zero
// get their defaults. State and counts are kept, a different Window starts
// empty, a circuit that is open keeps its deadline. Bad settings are a
// *ConfigError and change nothing.
func (b *Breaker) Configure(cfg BreakerConfig) error {
	if !b.valid() {
		return errInvalidBreaker
	}
	return b.handle.Configure(breaker.Config(cfg))
}

// Acquire admits a call whose end is reported later, for streams and callbacks:
// the caller must call Done or Cancel on the Permit. A trial that is not
// reported within TrialTimeout counts as failed. Errors are those of Run.
func (b *Breaker) Acquire(ctx context.Context) (*Permit, error) {
	if err := b.badCall(ctx, false); err != nil {
		return nil, err
	}
	p, err := b.handle.Admit(ctx)
	if err != nil {
		return nil, err
	}
	return &Permit{pipeline.NewEntry(&b.handle, p)}, nil
}

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
