package tests

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// mute is a ctx that has no error when it is done.
type mute struct {
	context.Context
	done chan struct{}
}

func (m mute) Done() <-chan struct{} { return m.done }
func (mute) Err() error              { return nil }

// Promise (Health): The end of a ctx without an error reads "context canceled" in Run and RunAll.
func TestACtxThatEndsWithoutAnErrorIsCanceled(t *testing.T) {
	asks := map[string]func(s *api.System, ctx context.Context) api.CheckResult{
		"Run":    func(s *api.System, ctx context.Context) api.CheckResult { return s.Health().Run(ctx, "db") },
		"RunAll": func(s *api.System, ctx context.Context) api.CheckResult { return s.Health().RunAll(ctx).Checks[0] },
	}
	for name, ask := range asks {
		bubble(t, func(t *testing.T, s *api.System) {
			register(t, s, "db", onDemand, api.Ping(func(context.Context) error { time.Sleep(time.Second); return nil }))
			time.Sleep(2 * time.Second)
			ctx := mute{context.Background(), make(chan struct{})}
			answer := make(chan api.CheckResult, 1)
			go func() { answer <- ask(s, ctx) }() // ends with the run
			synctest.Wait()
			close(ctx.done)
			require.Equal(t, "not finished: context canceled", (<-answer).Message, name)
			r := ask(s, ctx)
			require.Equal(t, api.Unknown, r.Status, name)
			require.Equal(t, "not finished: context canceled", r.Message, name)
			time.Sleep(2 * time.Second)
			require.Equal(t, api.Healthy, ask(s, context.Background()).Status, name)
		})
	}
}
