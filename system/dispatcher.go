package system

import "sync/atomic"

// idleWorkers is how many goroutines wait for the next mailbox; more end when
// they have nothing to do.
const idleWorkers = 16

// dispatcher runs mailboxes in goroutines that it keeps: one that has run a
// mailbox before has a stack that is large enough.
type dispatcher struct {
	work    chan func()
	idle    atomic.Int64 // workers that wait for work
	workers atomic.Int64 // workers there are
	closing atomic.Bool
	ended   chan struct{} // capacity 1: a worker ended after closing
}

func newDispatcher() *dispatcher {
	return &dispatcher{work: make(chan func()), ended: make(chan struct{}, 1)}
}

// Schedule runs fn, the loop of one mailbox, which ends when the mailbox is empty.
func (d *dispatcher) Schedule(fn func()) {
	select {
	case d.work <- fn:
	default:
		d.workers.Add(1)
		go d.run(fn) // ends when too many are idle, or in wait
	}
}

func (d *dispatcher) run(fn func()) {
	defer d.end()
	for fn != nil {
		fn()
		if d.idle.Add(1) > idleWorkers || d.closing.Load() {
			d.idle.Add(-1)
			return
		}
		fn = <-d.work
		d.idle.Add(-1)
	}
}

func (d *dispatcher) end() {
	d.workers.Add(-1)
	if d.closing.Load() {
		select {
		case d.ended <- struct{}{}:
		default:
		}
	}
}

// Throughput is how many messages a mailbox takes before it yields.
func (d *dispatcher) Throughput() int { return 300 }

// wait returns once no mailbox runs and all workers have ended.
func (d *dispatcher) wait() {
	d.closing.Store(true)
	for d.workers.Load() > 0 {
		select {
		case d.work <- nil: // one that waited ends
		case <-d.ended:
		}
	}
}
