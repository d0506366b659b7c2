// Package ask sends an owner a question and waits for its answer, without a
// future: the question and its answer travel in one pooled cell.
package ask

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/understudy-go/understudy/messages"
)

// The states of a cell.
const (
	asked     int32 = iota
	waiting         // the asker waits to be woken
	answered        // the answer is there
	abandoned       // the asker has gone
)

// Cell carries one question to its owner and the answer back. The owner reads
// Question and calls Answer or Fail once.
type Cell[Q, A any] struct {
	Question Q

	answer A
	err    error
	state  atomic.Int32
	ready  chan struct{}
	pool   *Pool[Q, A]
}

// Answer hands the answer to the asker and reports whether the asker was still
// there to take it. The cell must not be touched afterwards.
func (c *Cell[Q, A]) Answer(a A) bool {
	c.answer = a
	return c.settle()
}

// Fail hands the asker an error instead of an answer.
func (c *Cell[Q, A]) Fail(err error) bool {
	c.err = err
	return c.settle()
}

// Left reports whether the asker has gone. An owner that keeps questions for
// later is to Fail such a cell, and forget it.
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

// Pool recycles the cells of one kind of question. The zero value is ready.
type Pool[Q, A any] struct{ cells sync.Pool }

// Ask sends q to the owner and waits for the answer, at most until ctx ends. It
// returns ErrShutdown when the owner stopped before it answered.
func (p *Pool[Q, A]) Ask(ctx context.Context, owner messages.Address, q Q) (A, error) {
	c := p.get()
	c.Question = q
	owner.Send(c)
	if c.state.Load() == answered || !c.state.CompareAndSwap(asked, waiting) {
		return p.take(c)
	}
	select {
	case <-c.ready:
		return p.take(c)
	case <-ctx.Done():
		return p.abandon(c, ctx.Err())
	case <-owner.Done():
		return p.abandon(c, messages.ErrShutdown)
	}
}

func (p *Pool[Q, A]) take(c *Cell[Q, A]) (A, error) {
	a, err := c.answer, c.err
	p.put(c)
	return a, err
}

// abandon leaves the cell to the owner, unless the answer is there already.
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
