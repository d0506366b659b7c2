package pipeline

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The goroutine of a hard timeout may run only after the caller has returned: fn
// must not start then.
func TestNothingStartsAfterItsCallerHasReturned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, inner := range []*Line{New(), New(Stage{Shape: IsTimeout, Timeout: Timeout{Limit: time.Hour, Cooperative: true}})} {
			c := &detachedCall[int]{inner: inner, fn: func(context.Context) (int, error) {
				t.Error("started")
				return 0, nil
			}}
			c.changed.L = &c.mu
			c.begin(context.Background(), time.Second, nil)
			time.Sleep(time.Second)
			c.startOrExpire()
			require.ErrorIs(t, c.err, context.DeadlineExceeded)
			require.True(t, c.returned)
		}
	})
}
