package retry

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/actors/internal/ownertest"
)

func TestTwoFirstFailuresSpawnOneOwner(t *testing.T) {
	for range 20 {
		inBubble(t, Config{MaxAttempts: 100}, func(t *testing.T, host *ownertest.Host, h *Handle) {
			var calls sync.WaitGroup
			for range 8 {
				calls.Go(func() {
					if _, err := firstFailed(h); err != nil {
						t.Errorf("not answered: %v", err)
					}
				})
			}
			calls.Wait()
			require.Len(t, host.Owners(), 1)
			stats, err := h.Stats()
			require.NoError(t, err)
			require.EqualValues(t, 8, stats.Retries)
		})
	}
}
