package system

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/understudy-go/understudy/messages"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T) *System {
	t.Helper()
	s, err := Start(slog.New(slog.DiscardHandler), 0)
	require.NoError(t, err)
	return s
}

// fake is an owner made of functions.
type fake struct {
	receive  func(message any) // nil: it panics on strings and keeps all else
	seen     []any
	restarts atomic.Int32
	stopped  func()
}

func (f *fake) Receive(message any) {
	switch _, crash := message.(string); {
	case f.receive != nil:
		f.receive(message)
	case crash:
		panic(message)
	default:
		f.seen = append(f.seen, message)
	}
}

func (f *fake) Restarted() { f.restarts.Add(1) }

func (f *fake) Stopped() {
	if f.stopped != nil {
		f.stopped()
	}
}

func (f *fake) String() string { return "Fake 'x'" }

var (
	inPlaceKind = messages.Kind{Name: "quick", FreeRestarts: 5, FirstPause: 10 * time.Millisecond, MaxPause: time.Second, InPlace: true}
	slowKind    = messages.Kind{Name: "slow", FirstPause: time.Second, MaxPause: time.Minute}
)

func TestACrashedOwnerInPlaceIsRestartedAtOnceAndTakesTheNextMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		f := &fake{}
		owner, err := s.Spawn(inPlaceKind, f)
		require.NoError(t, err)
		owner.Send("poison")
		owner.Send(1)
		synctest.Wait()
		require.EqualValues(t, 1, f.restarts.Load())
		require.Equal(t, []any{1}, f.seen)
		require.NoError(t, s.Shutdown(t.Context()))
		<-owner.Done()
	})
}

func TestEachKindRestartsAsItSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		f := &fake{}
		owner, err := s.Spawn(slowKind, f)
		require.NoError(t, err)
		for _, row := range []struct{ shortest, longest time.Duration }{
			{750 * time.Millisecond, 1250 * time.Millisecond},
			{1500 * time.Millisecond, 2500 * time.Millisecond},
			{3 * time.Second, 5 * time.Second},
		} {
			before := f.restarts.Load()
			owner.Send("poison")
			time.Sleep(row.shortest - 1)
			synctest.Wait()
			require.Equal(t, before, f.restarts.Load(), "the restart waits for its pause")
			time.Sleep(row.longest - row.shortest + 1)
			synctest.Wait()
			require.Equal(t, before+1, f.restarts.Load())
		}
		require.NoError(t, s.Shutdown(t.Context()))
	})
}

func TestShutdownEndsWhileARestartIsBackingOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		began := time.Now()
		f := &fake{}
		owner, err := s.Spawn(slowKind, f)
		require.NoError(t, err)
		owner.Send("poison")
		synctest.Wait()
		require.Zero(t, f.restarts.Load(), "the restart waits for its pause")
		require.NoError(t, s.Shutdown(t.Context()))
		require.NoError(t, s.Shutdown(t.Context()), "a second time")
		<-owner.Done()
		for _, kind := range []messages.Kind{slowKind, inPlaceKind, {Name: "new"}} {
			_, err = s.Spawn(kind, f)
			require.ErrorIs(t, err, messages.ErrShutdown)
		}
		require.Zero(t, time.Since(began))
		require.Zero(t, f.restarts.Load())
	})
}

// The first owners of a kind may be spawned concurrently, and during a shutdown.
func TestAKindHasOneSupervisorHoweverManyComeFirst(t *testing.T) {
	for _, shut := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := start(t)
			var mu sync.Mutex
			var owners []messages.Address
			var running sync.WaitGroup
			for n := range 40 {
				kind := slowKind
				kind.Name = "kind " + strconv.Itoa(n%4)
				kind.InPlace = n%2 == 0
				running.Go(func() {
					owner, err := s.Spawn(kind, &fake{})
					if err != nil {
						require.ErrorIs(t, err, messages.ErrShutdown)
						return
					}
					mu.Lock()
					owners = append(owners, owner)
					mu.Unlock()
				})
				if shut && n == 20 {
					go s.Close() // ends at once
				}
			}
			running.Wait()
			require.LessOrEqual(t, len(s.supervisors), 4)
			if !shut {
				require.Len(t, owners, 40)
				require.Len(t, s.supervisors, 4)
			}
			require.NoError(t, s.Shutdown(t.Context()))
			for _, owner := range owners {
				<-owner.Done()
			}
		})
	}
}

// A panic in Stopped neither restarts the owner nor blocks the callers that wait
// for Done. The log names the owner.
func TestAPanicInStoppedEndsTheOwner(t *testing.T) {
	for _, kind := range []messages.Kind{slowKind, inPlaceKind} {
		synctest.Test(t, func(t *testing.T) {
			var log strings.Builder
			s, err := Start(slog.New(slog.NewTextHandler(&log, nil)), 0)
			require.NoError(t, err)
			f := &fake{stopped: func() { panic("a bug") }}
			owner, err := s.Spawn(kind, f)
			require.NoError(t, err)
			require.NoError(t, s.Shutdown(t.Context()))
			<-owner.Done()
			require.Zero(t, f.restarts.Load())
			require.Contains(t, log.String(), "Fake 'x' panicked while it stopped")
			require.Contains(t, log.String(), "TestAPanicInStoppedEndsTheOwner")
		})
	}
}

func TestStopEndsOneOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		f, other := &fake{}, &fake{}
		owner, err := s.Spawn(slowKind, f)
		require.NoError(t, err)
		left, err := s.Spawn(slowKind, other)
		require.NoError(t, err)
		s.Stop(owner)
		<-owner.Done()
		left.Send(1)
		synctest.Wait()
		require.Equal(t, []any{1}, other.seen)
		require.NoError(t, s.Shutdown(t.Context()))
	})
}

func TestShutdownIsBoundedByItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		release := make(chan struct{})
		s.Subscribe(func(messages.Event) { <-release })
		s.Emit(messages.Dropped{Count: 1})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, s.Shutdown(ctx), context.Canceled)
		close(release)
		require.NoError(t, s.Shutdown(t.Context()))
	})
}

func TestA32BitMachineIsRefused(t *testing.T) {
	require.NoError(t, checkMachine(64))
	err := checkMachine(32)
	require.ErrorIs(t, err, messages.ErrConfig)
	require.ErrorContains(t, err, "system: GOARCH: must be a 64-bit architecture")
}

func TestRandomNumbersFollowFromSeedAndName(t *testing.T) {
	seeded := &System{seed: 7}
	numbers := func(s *System, name string) (out [5]float64) {
		random := s.Random(name)
		for i := range out {
			out[i] = random.Float64()
		}
		return out
	}
	first := numbers(seeded, "Retry 'a'")
	require.Equal(t, first, numbers(seeded, "Retry 'a'"))
	require.NotEqual(t, first, numbers(seeded, "Retry 'b'"))
	require.NotEqual(t, first, numbers(&System{seed: 8}, "Retry 'a'"))
}

func TestBackoffDoublesUpToItsCap(t *testing.T) {
	b := &backoff{kind: messages.Kind{FreeRestarts: 1, FirstPause: 100, MaxPause: 1000}}
	for _, row := range []struct{ crashes, nominal int }{{1, 0}, {2, 100}, {3, 200}, {5, 800}, {6, 1000}, {500, 1000}} {
		for random, factor := range map[float64]float64{0: 0.75, 0.5: 1, 1 - 1e-9: 1.25} {
			require.InDelta(t, float64(row.nominal)*factor, float64(b.pause(row.crashes, random)), 1, "after %d crashes", row.crashes)
		}
	}
}
