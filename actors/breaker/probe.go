package breaker

import (
	"context"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// prober asks the health check that a breaker names as its probe, on behalf of
// the owner: one question at a time.
type prober struct {
	epoch  uint64             // of the last question
	cancel context.CancelFunc // ends it; nil: there never was one
	ended  chan struct{}      // closed when its goroutine has ended
}

// ask begins the next question, unless its permit is of epoch 0. What the
// breaker has left behind is no longer asked.
func (o *owner) ask(next messages.Probe) {
	p := &o.prober
	if p.cancel != nil && p.epoch != o.current.epoch {
		p.cancel()
	}
	if next.Permit.Epoch == 0 {
		return
	}
	before, ended := p.ended, make(chan struct{})
	ctx, cancel := context.WithDeadline(context.Background(), next.Until)
	*p = prober{next.Permit.Epoch, cancel, ended}
	shared, to := o.h.shared, *o.h.owner.Load()
	shared.Host.Go(func() { // ends with its answer, or with ctx: at the deadline, or when the breaker moves on or stops
		defer close(ended)
		defer cancel()
		if before != nil {
			<-before
		}
		status, message := shared.runProbe(ctx, next.Check)
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
	if p.cancel != nil {
		p.cancel()
	}
}

// answered takes the probe's answer.
func (o *owner) answered(p messages.Probed) {
	defer o.crashed(nil)
	o.step(func(b *machine, now time.Time) effects { return b.probed(now, p) })
}
