package breaker

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

// When a subscriber hears of a change, everybody can see it.
func TestAChangeIsPublishedBeforeItIsEmitted(t *testing.T) {
	inBubble(t, Config{FailureThreshold: 1}, func(t *testing.T, host *host, h *Handle) {
		heard := 0
		host.OnEmit = func(e messages.Event) {
			heard++
			require.Equal(t, e.(messages.BreakerChanged).To, h.State())
		}
		require.NoError(t, h.Control(messages.Control{Order: messages.ForceOpen}))
		require.NoError(t, h.Control(messages.Control{Order: messages.Reset}))
		require.NoError(t, h.Control(messages.Control{Order: messages.ForceOpen}))
		require.Equal(t, 3, heard)
	})
}
