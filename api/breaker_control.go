package api

import (
	"context"

	"github.com/understudy-go/understudy/actors/breaker"
	"github.com/understudy-go/understudy/api/internal/pipeline"
	"github.com/understudy-go/understudy/messages"
)

// Reset closes the circuit, clears the failure count and the window, and sets the
// mode to Automatic. Totals are kept. Calls that are running count as Late. After
// Shutdown, Reset returns ErrShutdown.
func (b *Breaker) Reset() error { return b.order(messages.Control{Order: messages.Reset}) }

// ForceOpen makes the breaker refuse every call until Reset. After Shutdown it
// returns ErrShutdown.
func (b *Breaker) ForceOpen() error { return b.order(messages.Control{Order: messages.ForceOpen}) }

// Disable makes the breaker admit every call until Reset. Its state is Closed
// meanwhile, and outcomes are still counted. After Shutdown, Disable returns
// ErrShutdown.
func (b *Breaker) Disable() error { return b.order(messages.Control{Order: messages.Disable}) }

// Trip opens the circuit now. Unlike ForceOpen it lasts for ResetTimeout; then the
// circuit recovers by itself, as after failures. In HALF_OPEN it counts as an opening
// without a recovery. Trip changes nothing if the circuit is OPEN already, forced open
// or disabled. The reason is that of the BreakerChanged event, at most 255 bytes of
// it; "" means "tripped". After Shutdown, Trip returns ErrShutdown.
func (b *Breaker) Trip(reason string) error {
	return b.order(messages.Control{Order: messages.Trip, Reason: reason})
}

// TryNow ends OPEN now: the circuit becomes HALF_OPEN, as after ResetTimeout. It
// changes nothing in any other state, nor if the circuit is forced open. After
// Shutdown, TryNow returns ErrShutdown.
func (b *Breaker) TryNow() error { return b.order(messages.Control{Order: messages.TryNow}) }

func (b *Breaker) order(c messages.Control) error {
	if !b.valid() {
		return errInvalidBreaker
	}
	return b.handle.Control(c)
}

// Configure replaces all settings; a field that is zero means its default. State
// and counts are kept, except that a different Window starts empty. A circuit that
// is open stays open for as long as it would have. Calls that are running are judged
// by the new settings; those that began without SlowCall are not slow. A WARN names
// the functions and lists that were set, and are not set any more. An invalid setting
// is a *ConfigError, and nothing changes. After Shutdown, Configure returns
// ErrShutdown.
func (b *Breaker) Configure(cfg BreakerConfig) error {
	if !b.valid() {
		return errInvalidBreaker
	}
	used := b.handle.Config()
	err := b.handle.Configure(breaker.Config(cfg))
	if err == nil {
		b.sys.warnIfDropped("breaker", b.Name(), used, breaker.Config(cfg))
	}
	return err
}

// Acquire admits a call whose outcome is reported later, such as that of a stream
// or a callback. The caller must call Done or Cancel on the Permit. A trial that is
// not reported within TrialTimeout counts as failed, so report a stream when its first
// message has arrived. A Timeout around does not report the Permit. Inside a running
// trial of the same breaker, a Permit counts for nothing, as a Run does. The errors are
// those of Run.
func (b *Breaker) Acquire(ctx context.Context) (*Permit, error) {
	if err := b.badCall(ctx, false); err != nil {
		return nil, err
	}
	p, err := b.handle.Admit(ctx)
	if err != nil {
		return nil, err
	}
	return &Permit{pipeline.NewEntry(ctx, &b.handle, p)}, nil
}

// Permit is the admission of one call. Get it from Breaker.Acquire. Safe for
// concurrent use.
type Permit struct{ entry pipeline.Entry }

// Done reports that the call returned err, and returns once its outcome is counted. As
// for Run, err is Ignored if the ctx of Acquire was cancelled by then.
// Only the first call of Done or Cancel has an effect.
func (p *Permit) Done(err error) {
	if p != nil {
		p.entry.Report(err)
	}
}

// Cancel returns the permit unused: the call counts as Ignored. Only the first call
// of Done or Cancel has an effect.
func (p *Permit) Cancel() {
	if p != nil {
		p.entry.Cancel()
	}
}
