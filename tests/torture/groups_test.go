package torture

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Torture): A check that is in several of the groups of a snapshot is shown once.
func TestACheckInSeveralGroupsIsShownOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		require.NoError(t, s.Health().Register("c", api.CheckConfig{Groups: []string{"live", "ready", "mine"}}, api.Ping(func(context.Context) error { return nil })))
		require.Len(t, s.Health().Snapshot("live", "ready", "mine", "ready").Checks, 1)
	})
}
