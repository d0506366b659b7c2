package system

import (
	"fmt"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/understudy-go/understudy/messages"
)

// backoff restarts an owner that crashed, as its kind says: at once after each of
// the first FreeRestarts crashes in a row, then after a pause that starts at
// FirstPause and doubles up to MaxPause, with a jitter of ±25 %. It never gives
// up. The count of crashes starts again once an owner has run without a crash
// for a minute, or for twice MaxPause if that is longer.
type backoff struct {
	kind messages.Kind
	sys  *System

	mu      sync.Mutex
	stopped bool
	pending map[*time.Timer]struct{} // of the restarts to come
}

// maxCrashes is the highest number of crashes in a row that is counted. It is
// large enough for every pause to have reached MaxPause.
const maxCrashes = 32

// HandleFailure is called by the library after a crash. It runs on the
// supervisor's mailbox.
func (b *backoff) HandleFailure(_ *actor.ActorSystem, parent actor.Supervisor, child *actor.PID, stats *actor.RestartStatistics, _ any, _ any) {
	if stats.NumberOfFailures(max(time.Minute, 2*b.kind.MaxPause)) == 0 {
		stats.Reset()
	}
	if stats.FailureCount() == maxCrashes { // the library keeps a record of each: drop one
		stats.Reset()
		for range maxCrashes - 1 {
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

// after calls restart after d, unless stop is called before.
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

// stop cancels all restarts, those to come included.
func (b *backoff) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = true
	for t := range b.pending {
		t.Stop()
	}
	clear(b.pending)
}
