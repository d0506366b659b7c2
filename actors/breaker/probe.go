package breaker

import (
	"context"

	"github.com/understudy-go/understudy/messages"
)

// prober asks the health check that a breaker names as its probe, on behalf of
// the owner: one question at a time.
type prober struct {
	epoch  uint64             // of the last question
	cancel context.CancelFunc // ends it
	one    chan struct{}      // full while a question is answered
}

// ask begins the next question, if there is one. What the breaker has left
// behind is no longer asked.
func (o *ownerState) ask(next *messages.Probe) {
	if o.prober != nil && o.prober.epoch != o.bench.Machine.epoch {
		o.prober.cancel()
	}
	if next == nil {
		return
	}
	if o.prober == nil {
		o.prober = &prober{one: make(chan struct{}, 1)}
	}
	ctx, cancel := context.WithDeadline(context.Background(), next.Until)
	o.prober.epoch, o.prober.cancel = next.Permit.Epoch, cancel
	shared, one, to := o.h.shared, o.prober.one, o.bench.Address
	shared.Host.Go(func() { // ends with its answer, or with ctx: at the deadline, or when the breaker moves on or stops
		defer cancel()
		select {
		case one <- struct{}{}:
		case <-ctx.Done():
			return
		}
		status, message := shared.runProbe(ctx, next.Check)
		<-one
		select {
		case <-shared.Host.Closing():
		default:
			to.Send(messages.Probed{Permit: next.Permit, Status: status, Message: message})
		}
	})
}

// runProbe returns what a fresh run of a health check says; Unknown if there is
// no such check.
func (s *Shared) runProbe(ctx context.Context, check string) (messages.Status, string) {
	if s.Probe == nil {
		return messages.Unknown, "there are no health checks"
	}
	return s.Probe(ctx, check)
}

// stop ends the question under way.
func (p *prober) stop() {
	if p != nil {
		p.cancel()
	}
}
