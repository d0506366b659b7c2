package health

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/actors/internal/ownertest"
	"github.com/understudy-go/understudy/messages"
)

// actors is a host that also gives the owners to the test.
type actors struct {
	*ownertest.Host
	owners []messages.Actor
}

func (a *actors) Spawn(kind messages.Kind, owner messages.Actor) (messages.Address, error) {
	a.owners = append(a.owners, owner)
	return a.Host.Spawn(kind, owner)
}

// The supervisor's restart and the stop may be sent at the same moment. If the
// restart comes last, it must not raise the dead: that would hold a slot for good.
func TestARestartAfterTheStopDoesNothing(t *testing.T) {
	inHost(t, func(t *testing.T, h *ownertest.Host) {
		host := &actors{Host: h}
		shared := NewShared(host, 1)
		var runs atomic.Int32
		for range 2 {
			c, err := Start(shared, "db", Config{}, func(context.Context) (messages.Details, error) {
				runs.Add(1)
				panic("no route")
			})
			require.NoError(t, err)
			synctest.Wait() // it has crashed and waits for its restart
			c.Stop()
			synctest.Wait()
			host.owners[len(host.owners)-1].Restarted()
			synctest.Wait()
			require.Equal(t, 1, shared.semaphore.free)
			require.Empty(t, ownertest.Events[messages.CheckRestarted](h))
			require.Zero(t, c.Result(time.Now()).Restarts)
		}
		require.EqualValues(t, 2, runs.Load())
	})
}

// A check that is stopped with its turn to come does not get a slot later.
func TestAStoppedCheckLeavesTheLine(t *testing.T) {
	inHost(t, func(t *testing.T, h *ownertest.Host) {
		shared := NewShared(h, 1)
		slow := func(context.Context) (messages.Details, error) { time.Sleep(5 * time.Second); return nil, nil }
		var all []*Handle
		for range 3 {
			c, err := Start(shared, "db", Config{Interval: OnDemand}, slow)
			require.NoError(t, err)
			synctest.Wait()
			all = append(all, c)
		}
		all[1].Stop()
		all[0].Stop()
		synctest.Wait()
		require.True(t, all[2].Running(), "it is next")
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, 1, shared.semaphore.free)
		all[2].Stop()
	})
}

// A panic whose result the owner no longer receives is logged as any other.
func TestAPanicAtTheEndIsLoggedWithItsStack(t *testing.T) {
	for what, end := range map[string]func(c *Handle, h *ownertest.Host){
		"deregistered":                 func(c *Handle, _ *ownertest.Host) { c.Stop() },
		"shut down":                    func(c *Handle, _ *ownertest.Host) { c.Cancel(messages.ErrShutdown) },
		"the owner has stopped before": func(_ *Handle, h *ownertest.Host) { h.Shutdown() },
	} {
		inHost(t, func(t *testing.T, h *ownertest.Host) {
			log := logTo(h)
			c := start(t, h, Config{}, func(ctx context.Context) (messages.Details, error) {
				<-ctx.Done()
				return noRoute(ctx)
			})
			synctest.Wait()
			end(c, h)
			<-c.Returned()
			line := log.only(t)
			require.Contains(t, line, `level=ERROR msg="Health check 'db' panicked after its end" check=db panic="no route"`, what)
			require.Contains(t, line, "health.noRoute")
			require.Equal(t, "UNKNOWN no result yet", now(c))
		})
	}
}

// The owner is stopped while the result of the run is in its queue.
func TestAPanicInTheQueueOfAStoppedOwnerIsLoggedWithItsStack(t *testing.T) {
	inHost(t, func(t *testing.T, h *ownertest.Host) {
		log := logTo(h)
		c := start(t, h, Config{}, func(ctx context.Context) (messages.Details, error) {
			time.Sleep(time.Second)
			return noRoute(ctx)
		})
		synctest.Wait()
		busy := make(ownertest.Hold)
		c.owner.Send(busy)
		time.Sleep(2 * time.Second)
		c.Stop()
		close(busy)
		require.Contains(t, log.only(t), "health.noRoute")
	})
}

// lateHost spawns an owner and then returns ErrShutdown, as a supervisor that stops
// before its answer arrives.
type lateHost struct{ *ownertest.Host }

func (l lateHost) Spawn(kind messages.Kind, owner messages.Actor) (messages.Address, error) {
	_, err := l.Host.Spawn(kind, owner)
	return nil, errors.Join(err, messages.ErrShutdown)
}

func TestACheckThatIsRefusedAtTheShutdownHasNotRun(t *testing.T) {
	inHost(t, func(t *testing.T, h *ownertest.Host) {
		_, err := Start(NewShared(lateHost{h}, 1), "db", Config{}, func(context.Context) (messages.Details, error) {
			t.Error("it runs")
			return nil, nil
		})
		require.ErrorIs(t, err, messages.ErrShutdown)
		time.Sleep(time.Minute)
	})
}
