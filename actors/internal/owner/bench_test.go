package owner

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/actors/internal/ownertest"
	"github.com/understudy-go/understudy/messages"
)

func TestAStepIsKeptOrLeavesNoTrace(t *testing.T) {
	inBubble(t, func(t *testing.T, k *clerk, _ *ownertest.Host, _ *logbook) {
		for _, row := range []struct {
			q    question
			want int // 0: the owner crashes
		}{
			{question{add: 1}, 1},
			{question{add: 10, drop: true}, 1},
			{question{add: 100, within: true}, 0},
			{question{add: 2}, 3},
			{question{add: 1000, before: true}, 0}, // the step is kept; only its answer is lost
			{question{add: 4}, 1007},
		} {
			got, err := k.ask(row.q)
			if row.want == 0 {
				require.ErrorIs(t, err, messages.ErrCrashed, "%+v", row.q)
				continue
			}
			require.NoError(t, err)
			require.Equal(t, row.want, got, "%+v", row.q)
		}
	})
}

func TestStepsAllocateNothing(t *testing.T) {
	k := newClerk(nil)
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		k.bench.Draft().counts[0]++
		k.bench.End(true)
	}))
}

func TestATickComesWhenItIsDue(t *testing.T) {
	inBubble(t, func(t *testing.T, k *clerk, host *ownertest.Host, _ *logbook) {
		arm := func(at time.Duration) {
			_, err := k.ask(question{arm: at})
			require.NoError(t, err)
		}
		arm(time.Second)
		time.Sleep(time.Minute)
		require.Equal(t, []string{"tick 1s"}, k.seen())
		arm(time.Second) // again
		require.Equal(t, []string{"tick 1m0s"}, k.seen())
		arm(2 * time.Minute)
		arm(90 * time.Second) // replaces it
		timer := k.bench.timer
		arm(90 * time.Second)
		require.Same(t, timer, k.bench.timer, "the timer is the same")
		time.Sleep(time.Hour)
		require.Equal(t, []string{"tick 1m30s"}, k.seen())
		require.EqualValues(t, 3, host.Ticks.Load())

		arm(24 * time.Hour)
		const stale = 9
		for generation := range uint64(stale) {
			if generation != k.bench.generation {
				k.bench.Address.Send(messages.Tick{Generation: generation})
			}
		}
		require.Empty(t, k.seen())
		k.bench.Address.Send(messages.Tick{Generation: k.bench.generation})
		require.Len(t, k.seen(), 1, "a Tick of the current generation is passed on, even if it is early")
	})
}

// A crash stops the timer, and so does the end.
func TestACrashAndTheEndStopTheTimer(t *testing.T) {
	inBubble(t, func(t *testing.T, k *clerk, host *ownertest.Host, _ *logbook) {
		crash := func() {
			_, err := k.ask(question{arm: time.Hour, within: true})
			require.ErrorIs(t, err, messages.ErrCrashed)
		}
		_, err := k.ask(question{arm: time.Minute})
		require.NoError(t, err)
		crash()
		time.Sleep(time.Minute)
		require.Equal(t, []string{"restarted"}, k.seen())
		require.Zero(t, host.Ticks.Load())

		k.arms = 2 * time.Minute
		crash()
		time.Sleep(time.Minute)
		require.Equal(t, []string{"restarted", "tick 2m0s"}, k.seen())

		_, err = k.ask(question{arm: time.Hour})
		require.NoError(t, err)
		host.Shutdown()
		time.Sleep(time.Hour)
		require.Equal(t, []string{"stopped"}, k.seen())
		require.EqualValues(t, 1, host.Ticks.Load())
	})
}

func TestAfterTheEndNothingIsSpawned(t *testing.T) {
	inBubble(t, func(t *testing.T, k *clerk, host *ownertest.Host, _ *logbook) {
		host.Shutdown()
		_, err := k.ask(question{})
		require.ErrorIs(t, err, messages.ErrShutdown)
		other := newClerk(host)
		require.ErrorIs(t, other.bench.Spawn(other), messages.ErrShutdown)
		require.Nil(t, other.bench.Address)
	})
}

// A supervisor may restart an owner that was stopped meanwhile.
func TestAfterTheEndTheOwnerReceivesNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, k *clerk, host *ownertest.Host, _ *logbook) {
		host.Shutdown()
		require.Equal(t, []string{"stopped"}, k.seen())
		k.bench.Restarted()
		k.bench.Receive(messages.Tick{Generation: k.bench.generation})
		k.bench.Receive(bomb{})
		k.bench.Stopped()
		require.Empty(t, k.seen())
		left := make(chan error, 1)
		go func() { // ends with the answer
			_, err := k.pool.Ask(context.Background(), handOver{k}, question{add: 1})
			left <- err
		}()
		require.ErrorIs(t, <-left, messages.ErrShutdown)
	})
}

// handOver is an address that passes messages to a clerk at once.
type handOver struct{ *clerk }

func (h handOver) Send(message any)    { h.bench.Receive(message) }
func (handOver) Done() <-chan struct{} { return nil }
