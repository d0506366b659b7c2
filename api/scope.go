package api

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/understudy-go/understudy/system"
)

// scope is the context of a call under a Timeout. It carries the deadline and
// costs no timer until somebody asks for Done; Err looks at the clock.
type scope struct {
	context.Context               // the caller's
	started         time.Duration // since epoch
	limit           time.Duration
	isHard          bool
	outer           *scope // the Timeout around, of either kind

	mu   sync.Mutex
	over atomic.Bool // err is set
	err  error
	rare *rare // nil until one of them is needed
}

// rare is what most scopes never need.
type rare struct {
	at      time.Time     // the deadline
	last    error         // the last error of an attempt inside
	done    chan struct{} // made when asked for
	timer   *time.Timer   // likewise
	release func() bool   // stops listening to the caller's ctx
	after   []*afterFunc
	running []takeable // what a hard Timeout takes over when it fires
}

// epoch is when scopes count from: a duration costs half of what a time does.
var epoch = time.Now()

type (
	scopeKey struct{} // the innermost Timeout around
	hardKey  struct{} // the innermost hard one
)

func (s *scope) begin(ctx context.Context, limit time.Duration, isHard bool) {
	s.Context, s.started, s.limit, s.isHard = ctx, time.Since(epoch), limit, isHard
	s.outer, _ = ctx.Value(scopeKey{}).(*scope)
}

// Deadline returns the earlier of the limit and the caller's own deadline.
func (s *scope) Deadline() (time.Time, bool) {
	at := s.at()
	if callers, ok := s.Context.Deadline(); ok && callers.Before(at) {
		return callers, true
	}
	return at, true
}

// remaining returns how long it is until the limit.
func (s *scope) remaining() time.Duration { return s.limit - (time.Since(epoch) - s.started) }

// at returns when the limit is reached, always the same.
func (s *scope) at() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rarely()
	if r.at.IsZero() {
		r.at = time.Now().Add(s.remaining())
	}
	return r.at
}

// rarely returns what most scopes never need. mu is held.
func (s *scope) rarely() *rare {
	if s.rare == nil {
		s.rare = &rare{}
	}
	return s.rare
}

// Value finds the Timeouts around, and the caller's values.
func (s *scope) Value(key any) any {
	switch key.(type) {
	case scopeKey:
		return s
	case hardKey:
		if s.isHard {
			return s
		}
	}
	return s.Context.Value(key)
}

// Err returns nil until the limit has passed, the caller's ctx is done, or the
// call has returned.
func (s *scope) Err() error {
	if s.over.Load() {
		return s.err
	}
	err := s.Context.Err()
	if err == nil && s.passed() {
		err = context.DeadlineExceeded
	}
	if err == nil {
		return nil
	}
	return s.cancel(err)
}

// passed reports whether the limit has passed.
func (s *scope) passed() bool { return s.remaining() <= 0 }

// Done is closed when Err is no longer nil.
func (s *scope) Done() <-chan struct{} {
	s.mu.Lock()
	r := s.rarely()
	if r.done != nil {
		s.mu.Unlock()
		return r.done
	}
	r.done = make(chan struct{})
	if s.err != nil {
		close(r.done)
		s.mu.Unlock()
		return r.done
	}
	r.timer = time.AfterFunc(s.remaining(), func() { s.cancel(context.DeadlineExceeded) })
	s.mu.Unlock()
	s.listen()
	return r.done
}

// listen passes the end of the caller's ctx on.
func (s *scope) listen() {
	if s.Context.Done() == nil {
		return
	}
	stop := context.AfterFunc(s.Context, func() { s.cancel(s.Context.Err()) })
	s.mu.Lock()
	s.rarely().release = stop
	ended := s.err != nil
	s.mu.Unlock()
	if ended {
		stop()
	}
}

// afterFunc is one function to call when the scope ends.
type afterFunc struct{ f func() }

// AfterFunc lets derived contexts follow this one without a goroutine each.
func (s *scope) AfterFunc(f func()) (stop func() bool) {
	s.Done()
	a := &afterFunc{f}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		go f() // ends with f
		return func() bool { return false }
	}
	s.rare.after = append(s.rare.after, a)
	return func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		i := slices.Index(s.rare.after, a)
		if i < 0 {
			return false
		}
		s.rare.after = slices.Delete(s.rare.after, i, i+1)
		return true
	}
}

// cancel ends the scope with err, unless it has ended, and returns what it
// ended with.
func (s *scope) cancel(err error) error {
	s.mu.Lock()
	if s.err != nil {
		defer s.mu.Unlock()
		return s.err
	}
	s.err = err
	s.over.Store(true)
	if s.rare == nil {
		s.mu.Unlock()
		return err
	}
	after := s.rare.after
	s.rare.after = nil
	timer, release := s.rare.timer, s.rare.release
	if s.rare.done != nil {
		close(s.rare.done)
	}
	s.mu.Unlock()
	if timer != nil {
		timer.Stop()
	}
	if release != nil {
		release()
	}
	for _, a := range after {
		go a.f() // as context.AfterFunc does; ends with f
	}
	return err
}

// noteAttempt remembers the error of an attempt that failed, for the Timeouts
// around: it may be all their error can tell.
func noteAttempt(ctx context.Context, err error) {
	s, _ := ctx.Value(scopeKey{}).(*scope)
	for ; s != nil; s = s.outer {
		if s.Err() != nil {
			continue
		}
		s.mu.Lock()
		s.rarely().last = err
		s.mu.Unlock()
	}
}

// timeoutError is what the caller of a Timeout gets when it fired. err is what
// the call returned, if it did.
func (s *scope) timeoutError(t TimeoutConfig, err error) *TimeoutError {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last := s.rarely().last; last != nil {
		err = last
	}
	if r, ok := err.(*RetryError); ok { // its own reason, that no time is left, is this very limit
		err = r.Err
	}
	if err == context.DeadlineExceeded { // itself: it says nothing that TimeoutError does not
		err = nil
	}
	return &TimeoutError{Operation: t.operation(), Limit: t.Limit, Err: err}
}

// judge turns the error of a call into a TimeoutError, and emits it, if it says
// that the limit, and not the caller's own deadline, has passed.
func (s *scope) judge(sys *system.System, t TimeoutConfig, err error) (judged error, isFired bool) {
	if err == nil || !errors.Is(err, context.DeadlineExceeded) || !s.passed() {
		return err, false
	}
	if callers, ok := s.Context.Deadline(); ok && callers.Before(s.at()) {
		return err, false
	}
	return fired(sys, s.timeoutError(t, err)), true
}
