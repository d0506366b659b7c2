package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// crowd counts checks that run at the same time: now, and at most so far. Each check
// takes 100 ms.
type crowd struct{ now, max atomic.Int32 }

func (c *crowd) check(context.Context) (Details, error) {
	c.max.Store(max(c.max.Load(), c.now.Add(1)))
	time.Sleep(100 * time.Millisecond)
	c.now.Add(-1)
	return nil, nil
}

// Promise (Health): Checks spread over their interval, run more often while failing, and at most ChecksAtOnce run at once.
func TestHealthCeilingOnChecksAtOnce(t *testing.T) {
	for _, row := range []struct {
		atOnce, checks int
		max            int32
		takes          time.Duration
	}{
		{10, 100, 10, time.Second},
		{1, 5, 1, 500 * time.Millisecond},
		{0, 300, 256, 200 * time.Millisecond}, // the default
		{1000, 300, 300, 100 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, err := Start(SystemConfig{ChecksAtOnce: row.atOnce, Logger: slog.New(slog.DiscardHandler)})
			require.NoError(t, err)
			h, began := s.Health(), time.Now()
			var all crowd
			for i := range row.checks {
				require.NoError(t, h.Register(fmt.Sprint(i), CheckConfig{Interval: OnDemand}, all.check))
			}
			require.Equal(t, Healthy, h.RunAll(t.Context()).Status)
			require.Equal(t, row.takes, time.Since(began), "RunAll joins the first runs")
			require.Equal(t, row.max, all.max.Load(), "first runs count too")
			began = time.Now()
			h.RunAll(t.Context())
			require.Equal(t, row.takes, time.Since(began))
			require.Equal(t, row.max, all.max.Load())
			require.NoError(t, s.Shutdown(context.Background()))
		})
	}
	_, err := Start(SystemConfig{ChecksAtOnce: -1})
	var bad *ConfigError
	require.ErrorAs(t, err, &bad)
	require.Equal(t, "ChecksAtOnce", bad.Field)
}

// Promise (Health): Checks spread over their interval, run more often while failing, and at most ChecksAtOnce run at once.
func TestHealthSpreadsAThousandChecksOverTheirInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := Start(SystemConfig{ChecksAtOnce: 50, Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		began := time.Now()
		var fired [120]atomic.Int32 // in each second
		for i := range 1000 {
			check := func(context.Context) (Details, error) {
				fired[time.Since(began)/time.Second].Add(1)
				return nil, nil
			}
			require.NoError(t, s.Health().Register(fmt.Sprint(i), CheckConfig{Interval: 10 * time.Second}, check))
		}
		synctest.Wait()
		require.EqualValues(t, 1000, fired[0].Load(), "the first results come at once")
		time.Sleep(119 * time.Second)
		require.NoError(t, s.Shutdown(context.Background()))
		for second := 70; second < 110; second++ {
			require.InDelta(t, 100, fired[second].Load(), 65, "second %d", second) // fails by chance once in 10^11
		}
	})
}

// Promise (Health): Checks spread over their interval, run more often while failing, and at most ChecksAtOnce run at once.
func TestHealthLooksMoreOftenWhileFailingAndRecovering(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		var runs atomic.Int32
		var down atomic.Bool
		cfg := CheckConfig{Interval: 100 * time.Second, FastInterval: time.Second, HealthyAfter: 3}
		require.NoError(t, h.Register("db", cfg, func(context.Context) (Details, error) {
			runs.Add(1)
			if down.Load() {
				return nil, errors.New("refused")
			}
			return nil, nil
		}))
		in := func(d time.Duration) int32 {
			before := runs.Load()
			time.Sleep(d)
			synctest.Wait()
			return runs.Load() - before
		}
		require.InDelta(t, 10.5, in(1000*time.Second), 1.5)
		down.Store(true)
		h.Run(t.Context(), "db")
		require.EqualValues(t, 3, in(8*time.Second), "after about 1, 2 and 4 s")
		in(300 * time.Second)
		require.InDelta(t, 10.5, in(1000*time.Second), 1.5, "but Interval is the maximum")
		down.Store(false)
		h.Run(t.Context(), "db")
		require.EqualValues(t, 2, in(4*time.Second), "after about 1 and 2 s it has recovered")
		require.Equal(t, Healthy, h.Snapshot().Status)
		require.InDelta(t, 10.5, in(1000*time.Second), 1.5)
	})
}
