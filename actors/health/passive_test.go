package health

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

func TestAPassiveCheckHasTheResultOfItsLastUpdate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := NewShared(nil, 1) // it needs no host
		p := NewPassive(shared, "circuit", []string{"circuits"})
		require.True(t, p.IsPassive())
		require.Equal(t, []string{"circuits"}, p.Config().Groups)

		began, published := time.Now(), shared.Published()
		p.Update(began, messages.Healthy, "", nil)
		require.Greater(t, shared.Published(), published)
		time.Sleep(time.Hour)
		p.Update(time.Now(), messages.Degraded, "OPEN", messages.Details{"state": "OPEN"})
		time.Sleep(time.Hour)
		r := p.Result(time.Now())
		require.Equal(t, messages.Degraded, r.Status, "it is never stale")
		require.Equal(t, "OPEN", r.Message)
		require.Equal(t, messages.Details{"state": "OPEN"}, r.Details)
		require.Equal(t, time.Hour, r.Age)
		require.Zero(t, r.Latency)
		require.Len(t, r.Changes, 2)
		require.Equal(t, time.Hour, r.Changes[1].Lasted)
		require.Equal(t, r, p.Run(context.Background()), "nothing is run")

		p.Cancel(messages.ErrShutdown)
		require.False(t, p.Running())
		require.Equal(t, r, p.Result(time.Now()))
	})
}
