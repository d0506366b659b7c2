package ask

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/understudy-go/understudy/messages"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type cell = Cell[int, string]

// owner is a minimal owner: a function that the sender calls.
type owner struct {
	receive func(c *cell)
	done    chan struct{}
}

func newOwner(receive func(c *cell)) *owner {
	return &owner{receive, make(chan struct{})}
}

func (o *owner) Send(message any)      { o.receive(message.(*cell)) }
func (o *owner) Done() <-chan struct{} { return o.done }

var never = context.Background()

func TestTheAskerGetsTheAnswer(t *testing.T) {
	var pool Pool[int, string]
	answer, err := pool.Ask(never, newOwner(func(c *cell) {
		require.Equal(t, 7, c.Question)
		require.True(t, c.Answer("seven"))
	}), 7)
	require.NoError(t, err)
	require.Equal(t, "seven", answer)
}

func TestTheAskerGetsTheError(t *testing.T) {
	var pool Pool[int, string]
	errSick := errors.New("sick")
	answer, err := pool.Ask(never, newOwner(func(c *cell) { require.True(t, c.Fail(errSick)) }), 7)
	require.Equal(t, errSick, err)
	require.Empty(t, answer)

	answer, err = pool.Ask(never, newOwner(func(c *cell) { c.Answer("well") }), 8)
	require.NoError(t, err, "the cell has no error of the last question")
	require.Equal(t, "well", answer)
}

func TestAnAskerMayLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var pool Pool[int, string]
		ctx, cancel := context.WithTimeout(never, time.Second)
		defer cancel()
		var kept *cell
		_, err := pool.Ask(ctx, newOwner(func(c *cell) { kept = c }), 7)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 7, kept.Question, "the cell is the owner's now")
		require.False(t, kept.Answer("too late"), "Answer reports that it was not taken")

		answer, err := pool.Ask(never, newOwner(func(c *cell) { c.Answer("eight") }), 8)
		require.NoError(t, err)
		require.Equal(t, "eight", answer, "not the answer that came too late")
	})
}

func TestAnOwnerThatStopsFreesItsAskers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var pool Pool[int, string]
		silent := newOwner(func(*cell) {})
		time.AfterFunc(time.Second, func() { close(silent.done) })
		var askers sync.WaitGroup
		for range 10 {
			askers.Go(func() {
				if _, err := pool.Ask(never, silent, 7); !errors.Is(err, messages.ErrShutdown) {
					t.Errorf("not ErrShutdown: %v", err)
				}
			})
		}
		askers.Wait()
	})
}

// If the owner has answered before the asker stops waiting, Ask returns that
// answer, because Answer has reported that it was taken.
func TestAnAnswerThatWasTakenIsReturned(t *testing.T) {
	var pool Pool[int, string]
	ctx, cancel := context.WithCancel(never)
	cancel()
	for range 1000 {
		stopped := newOwner(nil)
		close(stopped.done)
		stopped.receive = func(c *cell) { require.True(t, c.Answer("seven")) }
		answer, err := pool.Ask(ctx, stopped, 7)
		require.NoError(t, err)
		require.Equal(t, "seven", answer)
	}
}

// Askers stop waiting at any moment. None gets the answer to another question, and
// each answer is either returned or reported as not taken.
func TestNoAskerGetsTheAnswerOfAnother(t *testing.T) {
	var pool Pool[int, int]
	type question = Cell[int, int]
	mailbox := make(chan *question, 100)
	stopped := make(chan struct{})
	taken := 0
	go func() { // ends when the mailbox is closed
		defer close(stopped)
		for c := range mailbox {
			if c.Answer(-c.Question) {
				taken++
			}
		}
	}()
	var mu sync.Mutex
	returned := 0
	var askers sync.WaitGroup
	for i := range 8 {
		askers.Go(func() {
			for n := range 500 {
				ctx, cancel := context.WithCancel(never)
				if n%2 == 0 {
					go cancel() // ends at once
				}
				q := i*1000 + n + 1
				a, err := pool.Ask(ctx, sender(func(message any) { mailbox <- message.(*question) }), q)
				cancel()
				switch {
				case err == nil && a == -q:
					mu.Lock()
					returned++
					mu.Unlock()
				case err == nil || a != 0:
					t.Errorf("asked %d, got %d and %v", q, a, err)
				}
			}
		})
	}
	askers.Wait()
	close(mailbox)
	<-stopped
	require.Equal(t, taken, returned)
}

type sender func(message any)

func (s sender) Send(message any)    { s(message) }
func (sender) Done() <-chan struct{} { return nil }

func TestAskingAllocatesNothing(t *testing.T) {
	var pool Pool[int, int]
	var owner messages.Address = sender(func(message any) { message.(*Cell[int, int]).Answer(1) })
	require.Zero(t, testing.AllocsPerRun(1000, func() { _, _ = pool.Ask(never, owner, 7) }))
}
