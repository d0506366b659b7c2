package pipeline

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// The caller leaves before the limit, and nobody looks at the context until both have
// passed.
func TestDoneKnowsWhichEndCameFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 1000 {
			ctx, cancel := context.WithCancel(t.Context())
			d := &deadlineContext{}
			d.begin(ctx, time.Second, nil)
			cancel()
			time.Sleep(time.Minute)
			<-d.Done()
			require.Equal(t, context.Canceled, d.Err())
		}
	})
}
