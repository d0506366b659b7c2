package system

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/understudy-go/understudy/messages"
)

// question is a message that is only ever answered with an error.
type question struct{ failed chan error }

func (q question) Fail(err error) bool { q.failed <- err; return true }

// A question fails when the owner that was asked stops, not when the slowest owner
// of the kind does. It is asked before Stop, behind Stop in the queue, and after
// the owner has stopped.
func TestAQuestionToAnOwnerThatStopsIsRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		slow := spawnOwner(t, s, func(any) { time.Sleep(time.Minute) })
		quick := spawnOwner(t, s, func(m any) {
			if m == "busy" {
				time.Sleep(time.Second)
			}
		})
		synctest.Wait()
		go slow.Send("busy")  // ends after a minute
		go quick.Send("busy") // ends after a second
		synctest.Wait()
		began := time.Now()
		s.Close()
		q := question{make(chan error, 100)}
		for range 3 * inPlaceLimit {
			quick.Send(q) // queued before Stop, or behind it
		}
		for range 3 * inPlaceLimit {
			require.ErrorIs(t, <-q.failed, messages.ErrShutdown)
		}
		synctest.Wait()
		quick.Send(q) // after it
		require.ErrorIs(t, <-q.failed, messages.ErrShutdown)
		require.Less(t, time.Since(began), 2*time.Second)
		<-s.stopped
	})
}
