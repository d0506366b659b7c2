package breaker

import (
	"context"

	"github.com/understudy-go/understudy/messages"
)

// prober runs the probe of a breaker, the health check that Config.Probe names, one
// run at a time.
type prober struct {
	epoch  uint64             // of the last run
	cancel context.CancelFunc // cancels the last run
	busy   chan struct{}      // capacity 1: full during a run
}

// ask begins the next run, if there is one. A run of an earlier epoch is cancelled.
func (o *ownerState) ask(next *messages.Probe) {
	if o.prober != nil && o.prober.epoch != o.bench.Machine.epoch {
		o.prober.cancel()
	}
	if next == nil {
		return
	}
	if o.prober == nil {
		o.prober = &prober{busy: make(chan struct{}, 1)}
	}
	ctx, cancel := context.WithDeadline(context.Background(), next.Until)
	o.prober.epoch, o.prober.cancel = next.Permit.Epoch, cancel
	shared, busy, to := o.h.shared, o.prober.busy, o.bench.Address
	shared.Host.Go(func() { // ends after the run, or when ctx ends: at the deadline, in another epoch, or at the stop
		defer cancel()
		select {
		case busy <- struct{}{}:
		case <-ctx.Done():
			return
		}
		status, message := shared.runProbe(ctx, next.Check)
		<-busy
		select {
		case <-shared.Host.Closing():
		default:
			to.Send(messages.Probed{Permit: next.Permit, Status: status, Message: message})
		}
	})
}

// runProbe runs a health check and returns its status and message; Unknown if there
// is no such check.
func (s *Shared) runProbe(ctx context.Context, check string) (messages.Status, string) {
	if s.Probe == nil {
		return messages.Unknown, "there are no health checks"
	}
	return s.Probe(ctx, check)
}

// stop cancels the last run.
func (p *prober) stop() {
	if p != nil {
		p.cancel()
	}
}
