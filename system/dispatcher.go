package system

import "sync/atomic"

// idleWorkers is the maximum number of goroutines that wait for work. Any other
// goroutine ends when it has none.
const idleWorkers = 16

// dispatcher runs mailboxes in goroutines, its workers, which it uses again: a
// goroutine that has run a mailbox before has already grown its stack.
type dispatcher struct {
	work    chan func()
	idle    atomic.Int64 // workers that wait for work
	workers atomic.Int64 // all workers
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
		go d.run(fn) // ends when too many workers are idle, or in wait
	}
}

// run is a worker: it runs fn, and then what it receives.
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

// Throughput returns how many messages a mailbox handles before it yields.
func (d *dispatcher) Throughput() int { return 300 }

// wait returns once no mailbox runs and all workers have ended.
func (d *dispatcher) wait() {
	d.closing.Store(true)
	for d.workers.Load() > 0 {
		select {
		case d.work <- nil: // ends a worker that waits
		case <-d.ended:
		}
	}
}
