package system

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

// spawnOwner spawns an owner that runs in place.
func spawnOwner(t *testing.T, s *System, receive func(message any)) messages.Address {
	t.Helper()
	owner, err := s.Spawn(inPlaceKind, &fake{receive: receive})
	require.NoError(t, err)
	return owner
}

func inSystem(t *testing.T, test func(t *testing.T, s *System)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		test(t, s)
		require.NoError(t, s.Shutdown(context.Background()))
	})
}

func TestAnIdleOwnerRunsInTheSender(t *testing.T) {
	inSystem(t, func(t *testing.T, s *System) {
		seen := 0
		owner := spawnOwner(t, s, func(any) { seen++ })
		synctest.Wait() // it has started
		for n := range 1000 {
			owner.Send(n)
			require.Equal(t, n+1, seen)
		}
	})
}

func TestMessagesToABusyOwnerWaitInLine(t *testing.T) {
	inSystem(t, func(t *testing.T, s *System) {
		var seen []any
		var owner messages.Address
		owner = spawnOwner(t, s, func(m any) {
			seen = append(seen, m)
			if m == 0 {
				owner.Send(1)
				owner.Send(2)
				require.Len(t, seen, 1, "one message at a time")
			}
		})
		synctest.Wait()
		owner.Send(0)
		require.Equal(t, []any{0, 1, 2}, seen)
	})
}

func TestASenderIsNotKeptByTheMessagesOfOthers(t *testing.T) {
	inSystem(t, func(t *testing.T, s *System) {
		release, stuck := make(chan struct{}), make(chan struct{})
		owner := spawnOwner(t, s, func(m any) {
			switch m {
			case "first":
				<-release
			case inPlaceLimit + 1:
				<-stuck
			}
		})
		synctest.Wait()
		returned := make(chan struct{})
		go func() { // ends after inPlaceLimit messages of others
			owner.Send("first")
			close(returned)
		}()
		synctest.Wait()
		for n := range 10 * inPlaceLimit {
			owner.Send(n + 1)
		}
		close(release)
		<-returned
		close(stuck)
	})
}

// Messages behind a crash wait for the restart. Only the one that crashed is lost,
// and the order is kept.
func TestMessagesWaitForTheRestart(t *testing.T) {
	inSystem(t, func(t *testing.T, s *System) {
		var mu sync.Mutex // a restart may come between synctest.Wait and the read
		var seen []any
		owner := spawnOwner(t, s, func(m any) {
			if m == "crash" {
				panic(m)
			}
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, m)
		})
		now := func() []any {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(seen)
		}
		now()
		var want []any
		for n := range 20 { // more crashes than are restarted at once
			owner.Send("crash")
			owner.Send(n)
			want = append(want, n)
		}
		require.Less(t, len(now()), 20)
		time.Sleep(time.Minute)
		require.Equal(t, want, now())
		owner.Send("after")
		require.Equal(t, append(want, "after"), seen, "and it is run by senders again")
	})
}

func TestManySendersOneAtATime(t *testing.T) {
	s := start(t)
	const senders, each = 16, 2000
	type message struct{ sender, n int }
	inside, next, total := 0, [senders]int{}, 0
	all := make(chan struct{})
	owner := spawnOwner(t, s, func(m any) {
		if inside++; inside != 1 {
			t.Error("two messages at once")
		}
		msg := m.(message)
		if next[msg.sender] != msg.n {
			t.Errorf("sender %d: message %d came where %d was due", msg.sender, msg.n, next[msg.sender])
		}
		next[msg.sender]++
		inside--
		if total++; total == senders*each {
			close(all)
		}
	})
	var running sync.WaitGroup
	for i := range senders {
		running.Go(func() {
			for n := range each {
				owner.Send(message{i, n})
			}
		})
	}
	running.Wait()
	<-all
	require.NoError(t, s.Shutdown(context.Background()))
}
