package api

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// The goroutine of a hard timeout may get its turn only after the caller has
// left: fn must not begin then.
func TestNothingBeginsAfterItsCallerHasLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, inner := range []*plan{nil, planOf([]Policy{TimeoutConfig{Limit: time.Hour, Cooperative: true}}, nil)} {
			c := &hardCall[int]{inner: inner, fn: func(context.Context) (int, error) {
				t.Error("begun")
				return 0, nil
			}}
			c.changed.L = &c.mu
			c.begin(context.Background(), time.Second, true)
			time.Sleep(time.Second)
			c.turn()
			require.ErrorIs(t, c.err, context.DeadlineExceeded)
			require.True(t, c.ended)
		}
	})
}
