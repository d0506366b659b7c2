// Package ask sends a question to an owner and waits for the answer. Both are in
// one cell, which is used again for other questions.
package ask

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/understudy-go/understudy/messages"
)

// The states of a cell.
const (
	asked     int32 = iota // the asker does not wait yet
	waiting                // the asker waits for ready
	answered               // the answer is in the cell
	abandoned              // the asker has stopped waiting
)

// Cell holds one question and its answer. The owner reads Question, and calls
// Answer or Fail once.
type Cell[Q, A any] struct {
	Question Q

	answer A
	err    error
	state  atomic.Int32
	ready  chan struct{}
	pool   *Pool[Q, A]
}

// Answer gives the asker an answer, and reports whether the asker still waited for
// it. The owner must not use the cell afterwards.
func (c *Cell[Q, A]) Answer(a A) bool {
	c.answer = a
	return c.settle()
}

// Fail is Answer with an error instead of an answer.
func (c *Cell[Q, A]) Fail(err error) bool {
	c.err = err
	return c.settle()
}

// Left reports whether the asker has stopped waiting. An owner that keeps the
// question must still Fail it, which makes the cell free for other questions.
func (c *Cell[Q, A]) Left() bool { return c.state.Load() == abandoned }

func (c *Cell[Q, A]) settle() bool {
	switch c.state.Swap(answered) {
	case waiting:
		c.ready <- struct{}{}
	case abandoned:
		c.pool.put(c)
		return false
	}
	return true
}

// Pool makes the cells of one type of question, and uses them again. The zero
// value is ready to use. It is safe for concurrent use.
type Pool[Q, A any] struct {
	cells sync.Pool
	crowd crowd
}

// Ask sends q to the owner and waits for the answer. It returns the error of Fail,
// the error of ctx if that ends before, or ErrShutdown if the owner stops before.
func (p *Pool[Q, A]) Ask(ctx context.Context, owner messages.Address, q Q) (A, error) {
	c := p.get()
	c.Question = q
	owner.Send(c)
	if c.state.Load() == answered || p.crowd.isThere() && c.answeredSoon() || !c.state.CompareAndSwap(asked, waiting) {
		return p.take(c)
	}
	p.crowd.enter()
	defer p.crowd.leave()
	select {
	case <-c.ready:
		return p.take(c)
	case <-ctx.Done():
		return p.abandon(c, messages.EndOf(ctx))
	case <-owner.Done():
		return p.abandon(c, messages.ErrShutdown)
	}
}

// take returns the answer in the cell, and frees the cell.
func (p *Pool[Q, A]) take(c *Cell[Q, A]) (A, error) {
	a, err := c.answer, c.err
	p.put(c)
	return a, err
}

// abandon leaves the cell to the owner and returns cause. If the answer is in the
// cell already, it returns that.
func (p *Pool[Q, A]) abandon(c *Cell[Q, A], cause error) (a A, err error) {
	if c.state.CompareAndSwap(waiting, abandoned) {
		return a, cause
	}
	<-c.ready
	return p.take(c)
}

func (p *Pool[Q, A]) get() *Cell[Q, A] {
	if c, ok := p.cells.Get().(*Cell[Q, A]); ok {
		return c
	}
	return &Cell[Q, A]{ready: make(chan struct{}, 1), pool: p}
}

func (p *Pool[Q, A]) put(c *Cell[Q, A]) {
	var (
		noQuestion Q
		noAnswer   A
	)
	c.Question, c.answer, c.err = noQuestion, noAnswer, nil
	c.state.Store(asked)
	p.cells.Put(c)
}
