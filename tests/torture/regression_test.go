package torture

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// An order that came at the very moment a trial was overdue, before the owner's
// timer, let that trial vanish: it was neither a failure nor running.
func TestAnOrderDoesNotForgetAnOverdueTrial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		for n := range 300 {
			b, err := s.Breaker(fmt.Sprint(n), api.BreakerConfig{FailureThreshold: 1, ResetTimeout: time.Second, TrialTimeout: time.Second})
			require.NoError(t, err)
			require.Error(t, b.Run(context.Background(), func(context.Context) error { return errBoom }))
			time.Sleep(time.Second)
			p, err := b.Acquire(context.Background())
			require.NoError(t, err)
			time.Sleep(time.Second) // now the timer and the order race
			require.NoError(t, []func() error{b.Disable, b.Reset, b.ForceOpen}[n%3]())
			p.Done(nil)
			stats, err := b.Stats()
			require.NoError(t, err)
			require.EqualValues(t, 2, stats.Failures, "the call that opened it, and the overdue trial")
			require.EqualValues(t, 1, stats.Late)
		}
	})
}
