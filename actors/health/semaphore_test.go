package health

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/actors/internal/ownertest"
	"github.com/understudy-go/understudy/messages"
)

func TestTheSemaphoreLimitsTheRunsAtOnce(t *testing.T) {
	inHost(t, func(t *testing.T, h *ownertest.Host) {
		var running, peak atomic.Int32
		shared := NewShared(h, 3)
		checks := make([]*Handle, 20)
		for i := range checks {
			c, err := Start(shared, "db", Config{Interval: OnDemand}, func(context.Context) (messages.Details, error) {
				peak.Store(max(peak.Load(), running.Add(1)))
				time.Sleep(time.Second)
				running.Add(-1)
				return nil, nil
			})
			require.NoError(t, err)
			checks[i] = c
		}
		checks[5].Stop() // its place in line is given up
		begun := time.Now()
		var wg sync.WaitGroup
		for i, c := range checks {
			if i != 5 {
				wg.Go(func() { require.Equal(t, messages.Healthy, c.Run(t.Context()).Status) })
			}
		}
		wg.Wait()
		require.Equal(t, 7*time.Second, time.Since(begun), "19 runs, 3 at once: they joined the first ones")
		require.EqualValues(t, 3, peak.Load())
		for _, c := range checks {
			c.Stop()
		}
		synctest.Wait()
		require.Equal(t, 3, shared.semaphore.free, "all slots came back")
	})
}

func TestStuckChecksDoNotBlockOthers(t *testing.T) {
	inHost(t, func(t *testing.T, h *ownertest.Host) {
		shared := NewShared(h, 1)
		let := make(chan struct{})
		stuck, err := Start(shared, "stuck", Config{Timeout: time.Second}, func(context.Context) (messages.Details, error) {
			<-let
			return nil, nil
		})
		require.NoError(t, err)
		other, err := Start(shared, "other", Config{}, func(context.Context) (messages.Details, error) { return nil, nil })
		require.NoError(t, err)
		time.Sleep(1100 * time.Millisecond)
		synctest.Wait()
		require.Equal(t, "HEALTHY ", now(other))
		close(let)
		stuck.Stop()
		other.Stop()
	})
}

func TestCheckThatWaitsInLineIsNotRunOnceItIsBlocked(t *testing.T) {
	inHost(t, func(t *testing.T, h *ownertest.Host) {
		shared := NewShared(h, 1)
		database, err := Start(shared, "database", Config{}, func(context.Context) (messages.Details, error) {
			time.Sleep(time.Second)
			return nil, errors.New("refused")
		})
		require.NoError(t, err)
		synctest.Wait()
		var runs atomic.Int32
		count := func(context.Context) (messages.Details, error) { runs.Add(1); return nil, nil }
		orders, err := Start(shared, "orders", Config{}, count, database)
		require.NoError(t, err)
		other, err := Start(shared, "other", Config{}, func(context.Context) (messages.Details, error) { return nil, nil })
		require.NoError(t, err)
		answer := make(chan Result)
		go func() { answer <- orders.Run(t.Context()) }()
		require.Equal(t, "blocked by database", (<-answer).Message)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		require.Zero(t, runs.Load(), "it was in line before the database's first result")
		require.Equal(t, "HEALTHY ", now(other), "its slot went on to the next in line")
		for _, c := range []*Handle{orders, other, database} {
			c.Stop()
		}
	})
}
