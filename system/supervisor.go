package system

import (
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/understudy-go/understudy/messages"
)

// spawn asks a supervisor for a new child.
type spawn struct {
	produce func() actor.Actor
	reply   chan spawned // capacity 1
}

type spawned struct {
	ref *Ref
	err error
}

// supervisor is the parent of all actors of one kind. It spawns them on
// request, until it is told to stop.
type supervisor struct {
	sys      *System
	restart  *backoff
	done     chan struct{} // closed when it has stopped
	together bool          // its children are asked, never block, and stop when it does
	children uint64
	stopping bool
}

func (v *supervisor) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *spawn:
		if v.stopping {
			m.reply <- spawned{err: messages.ErrShutdown}
			return
		}
		ref, err := v.spawn(c, m.produce)
		m.reply <- spawned{ref, err}
	case *actor.Stopping:
		v.stopping = true
	}
}

func (v *supervisor) spawn(c actor.Context, produce func() actor.Actor) (*Ref, error) {
	v.children++
	name := strconv.FormatUint(v.children, 36)
	if !v.together {
		return v.sys.spawnIn(c, name, make(chan struct{}), produce)
	}
	m := &mailbox{}
	ref, err := v.sys.spawnIn(c, name, nil, produce, actor.WithMailbox(func() actor.Mailbox { return m }))
	ref.done, ref.mailbox = v.done, m
	return ref, err
}

// backoff restarts a child that crashed: the first free crashes at once, then
// after a pause that starts at first and doubles up to most, jittered by ±25 %.
// It never gives up. A child that lived for a minute, or twice the longest
// pause if that is more, is forgiven.
type backoff struct {
	free        int
	first, most time.Duration

	mu      sync.Mutex
	stopped bool
	pending map[*time.Timer]struct{}
}

// enoughCrashes in a row are at the cap of every back-off.
const enoughCrashes = 32

// HandleFailure runs on the supervisor's mailbox.
func (b *backoff) HandleFailure(_ *actor.ActorSystem, parent actor.Supervisor, child *actor.PID, stats *actor.RestartStatistics, _ any, _ any) {
	if stats.NumberOfFailures(max(time.Minute, 2*b.most)) == 0 {
		stats.Reset()
	}
	if stats.FailureCount() == enoughCrashes { // remember no more of them
		stats.Reset()
		for range enoughCrashes - 1 {
			stats.Fail()
		}
	}
	stats.Fail()
	pause := b.pause(stats.FailureCount())
	b.after(pause, func() { parent.RestartChildren(child) })
}

// pause returns how long to wait before the restart after the given number of
// crashes in a row.
func (b *backoff) pause(crashes int) time.Duration {
	n := crashes - b.free - 1
	if n < 0 {
		return 0
	}
	d := b.most
	if n < 30 {
		d = min(b.first<<n, b.most)
	}
	return time.Duration(float64(d) * (0.75 + rand.Float64()/2))
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
