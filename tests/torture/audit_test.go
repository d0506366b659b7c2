package torture

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

func (w *world) complain(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = append(w.broken, fmt.Sprintf("%v: %s", time.Since(w.begun), fmt.Sprintf(format, args...)))
}

// subscribe adds three subscribers: a fast one, a slow one and one that panics.
func (w *world) subscribe() {
	hear := func(h *received, e api.Event) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if lost, ok := e.(api.Dropped); ok {
			h.lost += lost.Count
			return
		}
		h.heard++
	}
	w.s.Subscribe(w.watch)
	w.s.Subscribe(func(e api.Event) { hear(&w.slow, e); time.Sleep(10 * time.Second) })
	w.s.Subscribe(func(e api.Event) { hear(&w.bad, e); panic("a bad listener") })
}

// watch is the fast subscriber. It requires that each change of a breaker or a
// check starts from the state in which the last one ended.
func (w *world) watch(e api.Event) {
	w.mu.Lock()
	w.heard++
	w.mu.Unlock()
	switch e := e.(type) {
	case api.BreakerChanged:
		w.follow(e)
	case api.CheckChanged:
		w.mu.Lock()
		last := w.checks[e.Name]
		w.checks[e.Name] = e.To
		w.mu.Unlock()
		w.note(e.At, e.Name, e.From, e.To, e.Message)
		if last != e.From || e.From == e.To {
			w.complain("%s went from %v to %v, but it was %v", e.Name, e.From, e.To, last)
		}
	case api.CheckRestarted:
		w.note(e.At, e.Name, "restarted", e.Restarts)
	case api.Dropped:
		w.complain("a fast listener lost %d events", e.Count)
	}
}

func (w *world) follow(e api.BreakerChanged) {
	var i int
	_, _ = fmt.Sscanf(e.Name, "dependency %d", &i)
	w.mu.Lock()
	last := w.states[e.Name]
	w.states[e.Name] = e.To
	if strings.HasPrefix(e.Reason, "a trial did not report within") {
		w.seen[i].overdue++
	}
	if e.To == api.Open && e.From != api.Open {
		w.seen[i].opened++
	}
	w.mu.Unlock()
	w.note(e.At, e.Name, e.From, e.To, e.Reason)
	if last != e.From || e.From == api.Closed && e.To == api.HalfOpen {
		w.complain("%s went from %v to %v, but it was %v", e.Name, e.From, e.To, last)
	}
	w.capped(i)
}

// capped complains if more trials run than the settings allow.
func (w *world) capped(i int) {
	s, err := w.breakers[i].Stats()
	if allowed := w.seen[i].trials.Load(); err == nil && int64(s.Trials) > allowed {
		w.complain("%s has %d trials at once, not %d", s.Name, s.Trials, allowed)
	}
}

// auditor audits at random times, when all goroutines wait.
func (w *world) auditor(over context.Context, random *rand.Rand) {
	for w.pause(over, random, time.Hour) {
		synctest.Wait()
		w.audit()
	}
}

// audit recounts every breaker and retry. No other goroutine may be running.
func (w *world) audit() {
	w.audits++
	now := time.Now()
	for i, b := range w.breakers {
		s, err := untilAnswered(b.Stats)
		r, alsoErr := untilAnswered(w.retries[i].Stats)
		if !time.Now().Equal(now) {
			return // an owner was waiting for its restart, so other goroutines have run
		}
		if err = errors.Join(err, alsoErr); err != nil {
			w.complain("an owner did not answer: %v", err)
			continue
		}
		if wrong := w.recount(i, s); wrong != "" {
			w.complain("%s: %+v", wrong, s)
		}
		w.capped(i)
		if want := w.seen[i].retried.Load(); r.Calls != want {
			w.complain("%d calls were made through %+v", want, r)
		}
	}
}

// untilAnswered asks until the owner does not crash on the message.
func untilAnswered[A any](ask func() (A, error)) (a A, err error) {
	for {
		if a, err = ask(); !errors.Is(err, api.ErrCrashed) {
			return a, err
		}
	}
}

// recount returns how the statistics of a breaker differ from what its callers
// and subscribers saw, or "".
func (w *world) recount(i int, s api.BreakerStats) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := &w.seen[i]
	// Each admitted call has ended in one way, is running, or lost its result in a
	// crash. An overdue trial is counted twice: as a failure when it is overdue, and
	// as late when it reports.
	counted := s.Successes + s.Failures + s.Ignored + s.Late + uint64(seen.running.Load()) + lostTo(s.Name)
	switch {
	case counted != seen.admitted.Load()+seen.overdue:
		return fmt.Sprintf("%d were admitted, %d overdue, %d run, %d lost", seen.admitted.Load(), seen.overdue, seen.running.Load(), lostTo(s.Name))
	case s.Rejected != seen.refused.Load():
		return fmt.Sprintf("%d were refused", seen.refused.Load())
	case s.Opened != seen.opened:
		return fmt.Sprintf("%d changes to OPEN were emitted", seen.opened)
	case s.State != w.states[s.Name]:
		return fmt.Sprintf("the last change emitted was to %v", w.states[s.Name])
	}
	return ""
}

func (w *world) judge(t *testing.T, shut bool) {
	if !shut {
		w.audit()
		for _, b := range w.breakers {
			s, err := untilAnswered(b.Stats)
			require.NoError(t, err)
			require.Zero(t, s.Trials, "%+v", s)
			require.Equal(t, b.State(), s.State)
		}
		require.NoError(t, w.s.Shutdown(context.Background()))
	}
	for i, b := range w.breakers {
		require.Zero(t, w.seen[i].running.Load())
		_, err := b.Stats()
		require.ErrorIs(t, err, api.ErrShutdown)
		require.ErrorIs(t, b.Run(context.Background(), func(context.Context) error { return nil }), api.ErrShutdown)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	require.Empty(t, w.broken)
	require.Equal(t, w.heard, w.slow.heard+w.slow.lost, "a slow listener gets each event, or the number of those it lost")
	require.Equal(t, w.heard, w.bad.heard+w.bad.lost)
}
