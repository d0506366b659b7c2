package owner

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/understudy-go/understudy/actors/internal/ask"
	"github.com/understudy-go/understudy/actors/internal/ownertest"
	"github.com/understudy-go/understudy/messages"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// counter is a minimal machine for which a shallow copy is wrong.
type counter struct{ counts []int }

func (c *counter) CopyFrom(other *counter) { c.counts = append(c.counts[:0], other.counts...) }

type (
	cell = ask.Cell[question, int]
	// question is a question to a clerk, and says what it must do.
	question struct {
		add    int  // added to the count by the step
		drop   bool // drop the step
		within bool // crash during the step
		before bool // crash after the step and before the answer
		after  bool // crash after the answer
		refuse bool // fail the question, instead of the answer
		keep   bool // answer it together with the next question
		arm    time.Duration
	}
)

var errRefused = errors.New("refused")

// bomb is a message without an answer; the owner crashes on it.
type bomb struct{}

var clerks = InPlace("clerk", "Clerk")

// clerk is an owner that does what the question says.
type clerk struct {
	host  Host
	bench Bench[*counter]
	pool  ask.Pool[question, int]
	kept  []*cell
	began time.Time
	arms  time.Duration // Restarted arms the timer for so long after began; 0: it does not

	mu  sync.Mutex
	saw []string
}

func (k *clerk) Host() Host   { return k.host }
func (k *clerk) Name() string { return "x" }

func (k *clerk) Receive(message any) {
	switch m := message.(type) {
	case *cell:
		k.answer(m, m.Question)
	case bomb:
		panic("bomb")
	case messages.Tick:
		k.see("tick " + time.Since(k.began).String())
	case Restarted:
		k.see("restarted")
		if k.arms != 0 {
			k.bench.Arm(k.began.Add(k.arms), time.Now())
		}
	case Stopped:
		k.see("stopped")
	}
}

func (k *clerk) answer(c *cell, q question) {
	draft := k.bench.Draft()
	draft.counts[0] += q.add
	if q.within {
		panic("within")
	}
	k.bench.End(!q.drop)
	if q.arm != 0 {
		k.bench.Arm(k.began.Add(q.arm), time.Now())
	}
	if q.before {
		panic("before")
	}
	if q.keep {
		k.kept = append(k.kept, c)
		return
	}
	for _, kept := range k.kept {
		kept.Answer(-1)
	}
	k.kept = nil
	if q.refuse {
		k.bench.Fail(errRefused)
	} else {
		Answer(&k.bench, c, k.bench.Machine.counts[0])
	}
	if q.after {
		panic("after")
	}
}

func (k *clerk) see(what string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.saw = append(k.saw, what)
}

// seen waits until all goroutines are idle, and returns what was seen since the last call.
func (k *clerk) seen() []string {
	synctest.Wait()
	k.mu.Lock()
	defer k.mu.Unlock()
	saw := k.saw
	k.saw = nil
	return saw
}

func (k *clerk) ask(q question) (int, error) {
	return k.pool.Ask(context.Background(), k.bench.Address, q)
}

func newClerk(host Host) *clerk {
	return &clerk{began: time.Now(), host: host, bench: New(&clerks, &counter{[]int{0}}, &counter{})}
}

// inBubble runs a test with a clerk and its log, in virtual time.
func inBubble(t *testing.T, test func(t *testing.T, k *clerk, host *ownertest.Host, log *logbook)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		host, log := ownertest.New(), &logbook{}
		defer host.Shutdown()
		host.Log = slog.New(slog.NewTextHandler(log, nil))
		k := newClerk(host)
		require.NoError(t, k.bench.Spawn(k))
		test(t, k, host, log)
	})
}

// logbook records what is logged.
type logbook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// text waits until all goroutines are idle, and returns what was logged.
func (l *logbook) text() string {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
