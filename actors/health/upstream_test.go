package health

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

// Promise (Health): A check does not run while one that it depends on is UNHEALTHY. It reads blocked, and names the root cause.
func TestOnlyAKnownFailureBlocks(t *testing.T) {
	root, h := &Handle{name: "root"}, &Handle{name: "db"}
	root.view.Store(&view{result: Result{Status: messages.Unhealthy}, staleAt: at(20)})
	h.upstream = []*Handle{root}
	h.view.Store(&view{result: Result{Status: messages.Healthy}, staleAt: at(30)})
	for _, row := range []struct {
		now       float64
		status    messages.Status
		blockedBy string
		why       string
	}{
		{1, messages.Unknown, "root", "blocked"},
		{20, messages.Unknown, "root", "still"},
		{21, messages.Healthy, "", "the result of the other is stale"},
		{31, messages.Unknown, "", "so is that of this one"},
	} {
		r := h.Result(at(row.now))
		require.Equal(t, row.status, r.Status, row.why)
		require.Equal(t, row.blockedBy, r.BlockedBy, row.why)
	}
}
