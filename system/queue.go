package system

// queue is first in, first out.
type queue[T any] struct {
	items []T
	first int
}

func (q *queue[T]) len() int { return len(q.items) - q.first }

func (q *queue[T]) push(item T) {
	if len(q.items) == cap(q.items) && q.first > len(q.items)/2 { // use the room at the front
		n := copy(q.items, q.items[q.first:])
		clear(q.items[n:])
		q.items, q.first = q.items[:n], 0
	}
	q.items = append(q.items, item)
}

// front returns the first item. The queue must not be empty.
func (q *queue[T]) front() *T { return &q.items[q.first] }

// keep is the capacity that an empty queue keeps. An empty queue of any other
// capacity frees its memory.
const keep = 8

// pop removes and returns the first item. The queue must not be empty.
func (q *queue[T]) pop() T {
	var none T
	item := q.items[q.first]
	q.items[q.first] = none
	q.first++
	switch {
	case q.len() > 0:
	case cap(q.items) == keep:
		*q = queue[T]{items: q.items[:0]}
	default:
		*q = queue[T]{}
	}
	return item
}
