package system

import (
	"fmt"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/understudy-go/understudy/messages"
)

// backoff restarts an owner that crashed, as its kind says: the first
// FreeRestarts crashes at once, then after a pause that starts at FirstPause and
// doubles up to MaxPause, jittered by ±25 %. It never gives up. An owner that
// lived for a minute, or twice MaxPause if that is more, is forgiven.
type backoff struct {
	kind messages.Kind
	sys  *System

	mu      sync.Mutex
	stopped bool
	pending map[*time.Timer]struct{}
}

// enoughCrashes in a row are at the cap of every back-off.
const enoughCrashes = 32

// HandleFailure runs on the supervisor's mailbox.
func (b *backoff) HandleFailure(_ *actor.ActorSystem, parent actor.Supervisor, child *actor.PID, stats *actor.RestartStatistics, _ any, _ any) {
	if stats.NumberOfFailures(max(time.Minute, 2*b.kind.MaxPause)) == 0 {
		stats.Reset()
	}
	if stats.FailureCount() == enoughCrashes { // remember no more of them
		stats.Reset()
		for range enoughCrashes - 1 {
			stats.Fail()
		}
	}
	stats.Fail()
	crashes := stats.FailureCount()
	random := b.sys.Random(fmt.Sprint(child.Id, " ", crashes)).Float64()
	b.after(b.pause(crashes, random), func() { parent.RestartChildren(child) })
}

// pause returns how long to wait before the restart after the given number of
// crashes in a row. Random is in [0, 1).
func (b *backoff) pause(crashes int, random float64) time.Duration {
	n := crashes - b.kind.FreeRestarts - 1
	if n < 0 {
		return 0
	}
	d := b.kind.MaxPause
	if n < 30 {
		d = min(b.kind.FirstPause<<n, b.kind.MaxPause)
	}
	return time.Duration(float64(d) * (0.75 + random/2))
}

func (b *backoff) after(d time.Duration, restart func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.stopped:
		return
	case d == 0:
		restart()
		return
	}
	if b.pending == nil {
		b.pending = map[*time.Timer]struct{}{}
	}
	var t *time.Timer
	t = time.AfterFunc(d, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if _, due := b.pending[t]; due {
			delete(b.pending, t)
			restart()
		}
	})
	b.pending[t] = struct{}{}
}

// stop cancels the restarts that are due.
func (b *backoff) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = true
	for t := range b.pending {
		t.Stop()
	}
	clear(b.pending)
}
