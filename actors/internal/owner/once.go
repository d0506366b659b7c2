package owner

import (
	"sync"
	"sync/atomic"
)

// Once holds a value that is made when it is first needed: an owner, which the
// first message spawns. The zero value is empty. It is safe for concurrent use.
type Once[T any] struct {
	made   atomic.Pointer[T]
	making sync.Mutex
}

// Load returns the value; nil if it is not made yet.
func (o *Once[T]) Load() *T { return o.made.Load() }

// Get returns the value. If it is not made yet, Get makes it with spawn. If spawn
// fails, Get returns its error, and the next Get calls spawn again.
func (o *Once[T]) Get(spawn func() (*T, error)) (*T, error) {
	if t := o.made.Load(); t != nil {
		return t, nil
	}
	o.making.Lock()
	defer o.making.Unlock()
	if t := o.made.Load(); t != nil {
		return t, nil
	}
	t, err := spawn()
	if err != nil {
		return nil, err
	}
	o.made.Store(t)
	return t, nil
}

// IfNone calls fn if the value is not made yet. Until fn returns no value is made.
func (o *Once[T]) IfNone(fn func()) {
	o.making.Lock()
	defer o.making.Unlock()
	if o.made.Load() == nil {
		fn()
	}
}
