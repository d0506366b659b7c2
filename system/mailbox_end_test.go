package system

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

// stage is what a mailbox runs: an actor made of a function. It counts how often the
// mailbox asked for another goroutine.
type stage struct {
	receive  func(message any)
	asked    int
	restarts int
}

func (s *stage) InvokeUserMessage(message any) { s.receive(message) }
func (s *stage) InvokeSystemMessage(any)       {}
func (s *stage) EscalateFailure(_ any, _ any)  { s.restarts++ }
func (s *stage) Schedule(fn func())            { s.asked++; fn() }
func (s *stage) Throughput() int               { return 300 }

func newStage(receive func(message any)) (*mailbox, *stage) {
	m, s := &mailbox{}, &stage{receive: receive}
	m.RegisterHandlers(s, s)
	return m, s
}

// refused reports whether a question that is sent now is refused at once.
func refused(m *mailbox) bool {
	q := question{make(chan error, 1)}
	m.PostUserMessage(q)
	select {
	case err := <-q.failed:
		return err == messages.ErrShutdown
	default:
		return false
	}
}

// The goroutine in which an actor stops refuses all that is queued, and asks for no
// other goroutine: Shutdown may be over before that one runs.
func TestAStoppedMailboxLeavesNothingToOthers(t *testing.T) {
	q := question{make(chan error, 100)}
	var m *mailbox
	m, s := newStage(func(any) {
		for range cap(q.failed) {
			m.PostUserMessage(q)
		}
		m.PostSystemMessage(&actor.Stop{})
	})
	m.PostUserMessage("begin")
	require.Len(t, q.failed, cap(q.failed))
	require.Zero(t, s.asked)
	require.True(t, refused(m))
}

func TestStopEndsASuspension(t *testing.T) {
	m, _ := newStage(func(any) { t.Error("it is suspended") })
	m.PostSystemMessage(&actor.SuspendMailbox{})
	q := question{make(chan error, 1)}
	m.PostUserMessage(q)
	require.Empty(t, q.failed, "it waits for the restart")
	m.PostSystemMessage(&actor.Stop{})
	require.Len(t, q.failed, 1)
	require.True(t, refused(m))
}

func TestAStoppedMailboxIsNotSuspended(t *testing.T) {
	q := question{make(chan error, 1)}
	var m *mailbox
	m, _ = newStage(func(any) {
		m.PostUserMessage(q)
		m.PostSystemMessage(&actor.Stop{})
		m.PostSystemMessage(&actor.SuspendMailbox{})
	})
	m.PostUserMessage("begin")
	require.Len(t, q.failed, 1)
	require.True(t, refused(m))
}

// After the end every sender refuses its own message: none serves the others.
func TestEverySenderOfAStoppedMailboxRefusesItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _ := newStage(nil)
		m.PostSystemMessage(&actor.Stop{})
		slow := slowQuestion{make(chan struct{})}
		go m.PostUserMessage(slow) // ends when slow is refused
		synctest.Wait()
		for range 100 {
			require.True(t, refused(m), "although another sender is being refused")
		}
		close(slow.release)
	})
}

// slowQuestion is a question whose refusal blocks.
type slowQuestion struct{ release chan struct{} }

func (q slowQuestion) Fail(error) bool { <-q.release; return true }

// The pauses before restarts are short again once an owner has run without a crash
// for a minute.
func TestCrashesAreForgiven(t *testing.T) {
	inSystem(t, func(t *testing.T, s *System) {
		f := &fake{}
		owner, err := s.Spawn(inPlaceKind, f)
		require.NoError(t, err)
		crash := func() (pause time.Duration) {
			before, began := f.restarts.Load(), time.Now()
			owner.Send("crash")
			for synctest.Wait(); f.restarts.Load() == before; synctest.Wait() {
				time.Sleep(time.Millisecond)
			}
			return time.Since(began)
		}
		crashes := func() (longest time.Duration) {
			for range inPlaceKind.FreeRestarts + 5 {
				longest = max(longest, crash())
			}
			return longest
		}
		require.Greater(t, crashes(), 100*time.Millisecond)
		time.Sleep(50 * time.Second)
		require.Greater(t, crash(), 100*time.Millisecond, "not yet")
		time.Sleep(61 * time.Second)
		require.Zero(t, crash())
		require.Zero(t, crash(), "all are forgiven, not one")
	})
}

// A restart that is due when its supervisor stops never comes.
func TestRestartsThatAreDueAtTheEndAreCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backoff{}
		restarts := 0
		restart := func() { restarts++ }
		b.after(time.Second, restart)
		b.after(2*time.Second, restart)
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, 1, restarts)
		b.stop()
		b.after(0, restart)
		b.after(time.Second, restart)
		time.Sleep(time.Minute)
		require.Equal(t, 1, restarts)
	})
}

func TestNothingIsSpawnedOnceShutdownHasBegun(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			s := start(t)
			spawnOwner(t, s, nil)
			s.Close()
			_, err := s.Spawn(inPlaceKind, &fake{})
			require.ErrorIs(t, err, messages.ErrShutdown)
			<-s.stopped
		})
	}
}

// A supervisor that waits for an owner to stop spawns no other.
func TestASupervisorThatStopsSpawnsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		release := make(chan struct{})
		owner, err := s.Spawn(slowKind, &fake{receive: func(any) { <-release }})
		require.NoError(t, err)
		owner.Send(1)
		synctest.Wait()
		v := s.supervisors[slowKind.Name]
		s.Close()
		synctest.Wait()
		f := &fake{}
		_, err = s.ask(v.Ref, func(c actor.Context) (*Ref, error) { return s.spawnOwner(c, v, f) })
		require.ErrorIs(t, err, messages.ErrShutdown)
		close(release)
		<-s.stopped
	})
}
