package system

import "sync/atomic"

// dispatcher runs mailboxes in goroutines of their own, as the default does,
// and knows when the last of them has ended.
type dispatcher struct {
	running atomic.Int64
	closing atomic.Bool
	idle    chan struct{} // capacity 1: running fell to zero after closing
}

func newDispatcher() *dispatcher { return &dispatcher{idle: make(chan struct{}, 1)} }

// Schedule runs fn, the loop of one mailbox; it ends when the mailbox is empty.
func (d *dispatcher) Schedule(fn func()) {
	d.running.Add(1)
	go d.run(fn)
}

func (d *dispatcher) run(fn func()) {
	defer func() {
		if d.running.Add(-1) == 0 && d.closing.Load() {
			select {
			case d.idle <- struct{}{}:
			default:
			}
		}
	}()
	fn()
}

// Throughput is how many messages a mailbox takes before it yields.
func (d *dispatcher) Throughput() int { return 300 }

// wait returns once no mailbox runs.
func (d *dispatcher) wait() {
	d.closing.Store(true)
	for d.running.Load() > 0 {
		<-d.idle
	}
}
