package api

import (
	"context"
	"os"
	"os/signal"
	"time"
)

// sameSignal is how close together two signals are one: terminals, shells and
// process managers often send a signal twice.
const sameSignal = time.Second

// ending is what a service waits for before it drains.
type ending struct {
	signals <-chan os.Signal
	server  context.Context // ends when the server has stopped, with its error
	restore func()          // gives the signals their default effect back
}

// awaitSignals returns an ending without a server. stop ends the delivery of signals.
func awaitSignals(wanted []os.Signal) (end ending, stop func()) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, wanted...)
	return ending{signals, context.Background(), func() { signal.Reset(wanted...) }}, func() { signal.Stop(signals) }
}

// drainOn is DrainOnSignal with valid settings.
func (s *System) drainOn(ctx context.Context, cfg DrainConfig, end ending) error {
	log := s.runtime.Logger()
	select {
	case sig := <-end.signals:
		log.Info("Drain begins", "signal", sig.String())
	case <-end.server.Done():
		log.Warn("Drain begins, because the server has stopped", "error", context.Cause(end.server))
		cfg.Delay = 0
	case <-ctx.Done():
		log.Info("Drain begins", "cause", context.Cause(ctx)) // nil if a hand-made ctx has no error
	}
	hurry, skip := context.WithCancel(context.WithoutCancel(ctx))
	defer skip()
	drained := make(chan struct{})
	defer close(drained)
	go s.watch(end, time.Now(), skip, drained) // ends with the drain
	return s.drain(context.WithoutCancel(ctx), cfg.Delay, cfg.Limit, hurry.Done(), cfg.Finish)
}

// watch calls skip at the second signal, and once the server has stopped. The first
// signal arrived at last. A second after the second signal it calls end.restore, so
// that the next one ends the process.
func (s *System) watch(end ending, last time.Time, skip func(), drained <-chan struct{}) {
	var settled <-chan time.Time
	stopped := end.server.Done()
	for {
		select {
		case <-end.signals:
			if time.Since(last) < sameSignal {
				continue
			}
			s.runtime.Logger().Info("Drain: a second signal skips the delay, the next one ends the process")
			skip()
			last, settled = time.Now(), time.After(sameSignal)
		case <-settled:
			end.restore()
			return
		case <-stopped:
			skip()
			stopped = nil // closed: it would be chosen again
		case <-drained:
			return
		}
	}
}
