package retry

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/actors/internal/ownertest"
	"github.com/understudy-go/understudy/messages"
)

// inBubble runs a test with a policy in a new host, in virtual time.
func inBubble(t *testing.T, cfg Config, test func(t *testing.T, host *ownertest.Host, h *Handle)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		host := ownertest.New()
		defer host.Shutdown()
		h, err := New(&Shared{Host: host}, "api", cfg)
		require.NoError(t, err)
		test(t, host, h)
	})
}

// begin begins a call.
func begin(h *Handle) error { return h.Begin(context.Background(), &Attempts{Number: 1}) }

// firstFailed reports that a first attempt has failed.
func firstFailed(h *Handle) (v messages.Verdict, err error) {
	for v.Replaced = true; v.Replaced; {
		v, err = h.failed(messages.Attempt{At: time.Now(), Number: 1, Settings: h.settings.Load().number, Retryable: true})
	}
	return v, err
}

func TestMessagesPerCall(t *testing.T) {
	inBubble(t, plain(3, &Budget{Ratio: 1}), func(t *testing.T, host *ownertest.Host, h *Handle) {
		for _, row := range []struct {
			what string
			do   func() error
			want int64
		}{
			{"a success at the first attempt", func() error { return begin(h) }, 0},
			{"reading the settings", func() error { h.Config(); return nil }, 0},
			{"statistics before any failure", func() error { _, err := h.Stats(); return err }, 0},
			{"a failed attempt", func() error { _, err := firstFailed(h); return err }, 1},
			{"new settings", func() error { return h.Configure(Config{}) }, 1},
			{"bad settings", func() error { require.Error(t, h.Configure(Config{MaxAttempts: -2})); return nil }, 0},
			{"statistics", func() error { _, err := h.Stats(); return err }, 1},
		} {
			before := host.Questions.Load()
			require.NoError(t, row.do(), row.what)
			require.Equal(t, row.want, host.Questions.Load()-before, row.what)
		}
	})
}

func TestTheActorIsSpawnedByTheFirstMessageOnce(t *testing.T) {
	inBubble(t, Config{MaxAttempts: Unlimited}, func(t *testing.T, host *ownertest.Host, h *Handle) {
		require.NoError(t, begin(h))
		require.Empty(t, host.Owners())
		var callers sync.WaitGroup
		for range 50 {
			callers.Go(func() {
				v, err := firstFailed(h)
				if err != nil || !v.Again {
					t.Errorf("not again: %+v, %v", v, err)
				}
			})
		}
		callers.Wait()
		require.Len(t, host.Owners(), 1)
		s, err := h.Stats()
		require.NoError(t, err)
		require.Equal(t, messages.RetryStats{Name: "api", Calls: 1, Retries: 50, Waited: s.Waited}, s)
	})
}

func TestTheBudgetCountsTheCallsOfTheWindow(t *testing.T) {
	inBubble(t, plain(9, &Budget{Ratio: 0.5}), func(t *testing.T, _ *ownertest.Host, h *Handle) {
		allowed := func() (n int) {
			for {
				v, err := firstFailed(h)
				require.NoError(t, err)
				if !v.Again {
					return n
				}
				n++
			}
		}
		for range 10 {
			require.NoError(t, begin(h))
		}
		require.Equal(t, 5, allowed())
		time.Sleep(9 * time.Second)
		require.Equal(t, 0, allowed())
		require.NoError(t, begin(h))
		require.NoError(t, begin(h))
		require.Equal(t, 1, allowed()) // half of twelve, five of them taken
		time.Sleep(time.Second)
		require.Equal(t, 0, allowed()) // half of the two left, taken at second 9
		time.Sleep(time.Hour)
		require.Equal(t, 0, allowed()) // no calls, no retries
	})
}

func TestConfigureIsSeenAtOnceAndKeepsWhatWasCounted(t *testing.T) {
	inBubble(t, plain(9, &Budget{Ratio: 0.5}), func(t *testing.T, _ *ownertest.Host, h *Handle) {
		for range 4 {
			require.NoError(t, begin(h))
		}
		_, err := firstFailed(h)
		require.NoError(t, err)

		require.NoError(t, h.Configure(plain(7, &Budget{Ratio: 0.5, Window: time.Minute})))
		require.Equal(t, 7, h.Config().MaxAttempts)
		time.Sleep(50 * time.Second)
		for _, again := range []bool{true, false} { // half of four calls: two
			v, err := firstFailed(h)
			require.NoError(t, err)
			require.Equal(t, again, v.Again)
		}
		s, err := h.Stats()
		require.NoError(t, err)
		require.Equal(t, messages.RetryStats{Name: "api", Calls: 4, Retries: 2, Throttled: 1, Waited: 2 * time.Second}, s)
	})
}

func TestCallersCannotChangeTheSettings(t *testing.T) {
	given := &Budget{Ratio: 0.5}
	inBubble(t, Config{Budget: given}, func(t *testing.T, _ *ownertest.Host, h *Handle) {
		given.Ratio = 7
		h.Config().Budget.Ratio = 8
		require.Equal(t, 0.5, h.Config().Budget.Ratio)
	})
}

func TestACrashLosesNothingAndFailsItsQuestion(t *testing.T) {
	inBubble(t, plain(9, &Budget{MinPerSecond: 0.3}), func(t *testing.T, _ *ownertest.Host, h *Handle) {
		_, err := firstFailed(h)
		require.NoError(t, err)

		machine := h.owner.Load().bench.Machine
		width := machine.spent.width
		machine.spent.width = 0 // the next step divides by it
		_, err = firstFailed(h)
		require.ErrorIs(t, err, messages.ErrCrashed)
		machine.spent.width = width

		for _, again := range []bool{true, true, false} { // three in ten seconds, one taken
			v, err := firstFailed(h)
			require.NoError(t, err)
			require.Equal(t, again, v.Again)
		}
		s, err := h.Stats()
		require.NoError(t, err)
		require.Equal(t, messages.RetryStats{Name: "api", Retries: 3, Throttled: 1, Waited: 3 * time.Second}, s)
	})
}

func TestAfterShutdownEverythingIsRefused(t *testing.T) {
	for _, asked := range []bool{false, true} {
		inBubble(t, Config{}, func(t *testing.T, host *ownertest.Host, h *Handle) {
			if asked {
				_, err := firstFailed(h)
				require.NoError(t, err)
			}
			h.Close()
			host.Shutdown()
			_, failed := firstFailed(h)
			_, stats := h.Stats()
			for _, err := range []error{begin(h), failed, stats, h.Configure(Config{})} {
				require.ErrorIs(t, err, messages.ErrShutdown)
			}
			require.Equal(t, "api", h.Name())
			require.Equal(t, 3, h.Config().MaxAttempts)
		})
	}
}

func TestManyCallersAndLiveSettings(t *testing.T) {
	inBubble(t, Config{MaxAttempts: 3, Budget: &Budget{Ratio: 0.5}}, func(t *testing.T, _ *ownertest.Host, h *Handle) {
		var callers sync.WaitGroup
		for i := range 8 {
			callers.Go(func() {
				for range 100 {
					_ = begin(h)
					_, _ = firstFailed(h)
					_ = h.Configure(Config{Budget: &Budget{Ratio: 0.5, Window: time.Duration(i+1) * time.Second}})
				}
			})
		}
		callers.Wait()
		s, err := h.Stats()
		require.NoError(t, err)
		require.EqualValues(t, 800, s.Calls)
		require.EqualValues(t, 800, s.Retries+s.Throttled)
	})
}

func TestASuccessAllocatesNothing(t *testing.T) {
	host := ownertest.New()
	defer host.Shutdown()
	for _, budget := range []*Budget{nil, {Ratio: 0.1}} {
		h, err := New(&Shared{Host: host}, "api", Config{Budget: budget})
		require.NoError(t, err)
		require.Zero(t, testing.AllocsPerRun(1000, func() { _ = begin(h) }))
	}
}
