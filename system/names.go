package system

import (
	"slices"
	"sync"
)

// Names maps names to handles. A name has at most one handle. The zero value is
// empty and ready to use. It is safe for concurrent use.
type Names[H any] struct {
	mu      sync.RWMutex
	handles map[string]H
}

// Get returns the handle of that name.
func (n *Names[H]) Get(name string) (H, bool) {
	n.mu.RLock()
	h, ok := n.handles[name]
	n.mu.RUnlock()
	return h, ok
}

// GetOrMake returns the handle of that name, and makes it if there is none. If
// make fails it returns the error, and the name stays free. make must not use n.
func (n *Names[H]) GetOrMake(name string, make func() (H, error)) (h H, existed bool, err error) {
	if h, ok := n.Get(name); ok {
		return h, true, nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if h, ok := n.handles[name]; ok {
		return h, true, nil
	}
	if h, err = make(); err != nil {
		return h, false, err
	}
	if n.handles == nil {
		n.handles = map[string]H{}
	}
	n.handles[name] = h
	return h, false, nil
}

// Sorted returns all handles, sorted by name.
func (n *Names[H]) Sorted() []H {
	n.mu.RLock()
	defer n.mu.RUnlock()
	names := make([]string, 0, len(n.handles))
	for name := range n.handles {
		names = append(names, name)
	}
	slices.Sort(names)
	all := make([]H, len(names))
	for i, name := range names {
		all[i] = n.handles[name]
	}
	return all
}
