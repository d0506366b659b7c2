package owner

import (
	"sync"
	"sync/atomic"
)

// Once holds what the first question makes: the owner of one thing, which may
// never be asked. The zero value holds nothing. Safe for concurrent use.
type Once[T any] struct {
	made   atomic.Pointer[T]
	making sync.Mutex
}

// Load returns what is held, or nil.
func (o *Once[T]) Load() *T { return o.made.Load() }

// Get returns what is held, and makes it with spawn if there is nothing. If spawn
// fails nothing is held, and the next Get tries again.
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

// IfNone calls fn if nothing is held. Nothing is made meanwhile.
func (o *Once[T]) IfNone(fn func()) {
	o.making.Lock()
	defer o.making.Unlock()
	if o.made.Load() == nil {
		fn()
	}
}
