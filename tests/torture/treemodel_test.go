package torture

import (
	"math"
	"time"

	"github.com/understudy-go/understudy/api"
)

// treeModel computes, from the documentation alone, what a call under a tree of
// policies must do: what its caller gets and when, what each breaker counts, and what
// each timeout passes to Late. A moment is the time since the call began.
type treeModel struct {
	runs  []run // what fn does, run by run
	begun int   // runs of fn so far
	ends  []counted
	late  []lateValue
	// unclear is set if the answer depends on which end of a ctx was seen first: that
	// of its caller, or the limit of a cooperative timeout that nobody watched.
	unclear bool
}

// counts is what a breaker has counted.
type counts struct{ Successes, Failures, Ignored uint64 }

// counted is the end of a call of a breaker.
type counted struct {
	at      time.Duration
	breaker int
	outcome api.Outcome
}

// counts returns what the breakers have counted by then.
func (m *treeModel) counts(now time.Duration) (sums [treeBreakers]counts) {
	for _, e := range m.ends {
		sum := &sums[e.breaker]
		switch {
		case e.at > now:
		case e.outcome == api.Success:
			sum.Successes++
		case e.outcome == api.Failure:
			sum.Failures++
		default:
			sum.Ignored++
		}
	}
	return sums
}

// total returns what the breakers have counted when the call has returned, and in the
// end.
func (m *treeModel) total(e end) [2][treeBreakers]counts {
	return [2][treeBreakers]counts{m.counts(e.at), m.counts(never)}
}

// lateValue is what a timeout passed to Late.
type lateValue struct {
	operation string
	value     int // 0: not compared, because the call failed
	kind      string
}

// end is how a call ended.
type end struct {
	at    time.Duration
	kind  string // that of kindOf
	value int    // the number of the run of fn that succeeded
	// lives is when the ctx of that run ends if it is held; 0: not known.
	lives time.Duration
}

// The ends of a call. Two more are followed by a word: "timeout" by its operation,
// "retry" by its reason.
const (
	isOk       = "ok"
	isBoom     = "boom"
	isPanic    = "panic"
	isCanceled = "context.Canceled"
	isDeadline = "context.DeadlineExceeded"
)

const never = time.Duration(math.MaxInt64)

// around is what is around a call: when and how its ctx ends, and the innermost
// timeout that may settle it.
type around struct {
	deadline, cancel time.Duration
	hard             *around // nil: none
	timed            bool    // there is a timeout
	short            bool    // the ctx ends when a function of the user returns
	late             *bool   // of the innermost timeout in the same line: fn was late for a timeout inside; nil: none
}

// end returns when the ctx ends.
func (in *around) end() time.Duration { return min(in.deadline, in.cancel) }

// kind returns how the ctx ends.
func (in *around) kind() string {
	if in.cancel < in.deadline {
		return isCanceled
	}
	return isDeadline
}

// eval returns how a call under the layers ends that begins at a moment.
func (m *treeModel) eval(layers []layer, now time.Duration, in around) end {
	if len(layers) == 0 {
		return m.fn(now, in)
	}
	l, inner := layers[0], layers[1:]
	switch l.kind {
	case aBreaker:
		return m.breaker(l, inner, now, in)
	case aRetry:
		return m.retry(l, inner, now, in)
	case aTimeout:
		return m.timeout(l, inner, now, in)
	case aCooperative:
		return m.cooperative(l, inner, now, in)
	case aSwitch:
		return m.eval(inner, now, in)
	}
	in.late = nil // another line follows
	return m.users(l, inner, now, in)
}

// next is eval of a call that does not begin if its ctx has ended.
func (m *treeModel) next(inner []layer, now time.Duration, in around) end {
	if now >= in.end() {
		return end{at: now, kind: in.kind()}
	}
	return m.eval(inner, now, in)
}

func (m *treeModel) fn(now time.Duration, in around) end {
	r := m.runs[m.begun]
	m.begun++
	e := end{at: now + r.takes, kind: r.kind, value: m.begun}
	if in.timed && !in.short {
		e.lives = in.end()
	}
	if r.polite && in.end() <= e.at {
		e = end{at: max(now, in.end()), kind: in.kind()}
	}
	return e
}

func (m *treeModel) breaker(l layer, inner []layer, now time.Duration, in around) end {
	if now >= in.end() {
		return end{at: now, kind: in.kind()}
	}
	e := m.eval(inner, now, in)
	c := counted{e.at, l.breaker, api.Failure}
	switch {
	case in.hard != nil && e.at >= in.hard.end():
		if c.at = in.hard.end(); in.hard.kind() == isCanceled {
			c.outcome = api.Ignored
		}
	case e.kind == isOk:
		c.outcome = api.Success
	case e.at >= in.end() && in.kind() == isCanceled, e.kind == isCanceled:
		c.outcome = api.Ignored
	}
	m.ends = append(m.ends, c)
	return e
}

func (m *treeModel) retry(l layer, inner []layer, now time.Duration, in around) end {
	delay := l.delay
	for attempt := 1; ; attempt++ {
		e := m.eval(inner, now, in)
		gaveUp := func(at time.Duration, reason string) end { return end{at: at, kind: "retry " + reason} }
		now = e.at + delay
		switch {
		case e.kind == isOk, e.kind == isPanic, e.kind == isCanceled:
			return e
		case attempt == l.attempts:
			return gaveUp(e.at, "attempts")
		case e.at >= in.end() && in.kind() == isCanceled:
			return gaveUp(e.at, "cancelled")
		case now >= in.deadline:
			return gaveUp(e.at, "deadline")
		case now >= in.cancel:
			return gaveUp(in.cancel, "cancelled")
		}
		delay *= 2
	}
}

// limited returns what is inside a limit that begins at a moment, and the kind of its
// end.
func limited(l layer, now time.Duration, in around) (inside around, kind string) {
	limit := now + l.limit
	inside = in
	inside.deadline, inside.timed = min(in.deadline, limit), true
	if kind = inside.kind(); kind == isDeadline && limit <= in.deadline {
		kind = "timeout " + l.name
	}
	return inside, kind
}

func (m *treeModel) timeout(l layer, inner []layer, now time.Duration, in around) end {
	if now >= in.end() {
		return end{at: now, kind: in.kind()}
	}
	inside, kind := limited(l, now, in)
	late := false
	inside.hard, inside.late = &around{deadline: inside.deadline, cancel: inside.cancel}, &late
	e := m.eval(inner, now, inside)
	isLate := e.at >= inside.end()
	if in.late != nil {
		*in.late = isLate
	}
	if !isLate {
		return e
	}
	if e.kind != isPanic && !late {
		v := lateValue{l.name, e.value, e.kind}
		if e.kind != isOk {
			v.value = 0
		}
		m.late = append(m.late, v)
	}
	return end{at: inside.end(), kind: kind}
}

func (m *treeModel) cooperative(l layer, inner []layer, now time.Duration, in around) end {
	inside, kind := limited(l, now, in)
	e := m.eval(inner, now, inside)
	if limit := now + l.limit; limit <= in.cancel && in.cancel <= e.at && in.cancel < in.deadline {
		m.unclear = true
	}
	if e.kind != isOk && e.kind != isPanic && e.at >= inside.end() && isTimeoutKind(kind) {
		e = end{at: e.at, kind: kind}
	}
	return e
}

func isTimeoutKind(kind string) bool { return len(kind) > 8 && kind[:8] == "timeout " }

// users is eval of a layer that is a function of the user.
func (m *treeModel) users(l layer, inner []layer, now time.Duration, in around) (e end) {
	switch l.kind {
	case aPause:
		return m.next(inner, now+l.delay, in)
	case anAfterthought:
		if e = m.next(inner, now, in); e.kind != isPanic {
			e.at += l.delay
		}
		return e
	case aShield:
		return end{at: now, kind: isOk}
	case aSpoiler:
		if e = m.next(inner, now, in); e.kind != isPanic {
			e.kind = isBoom
		}
		return e
	case aShorter:
		in.deadline, in.short = min(in.deadline, now+l.limit), true
		return m.next(inner, now, in)
	case anEscape:
		return m.next(inner, now, around{deadline: never, cancel: never})
	}
	return m.next(inner, now, in) // aCall
}
