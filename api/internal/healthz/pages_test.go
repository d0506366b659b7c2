package healthz

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/actors/health"
)

// Answers are kept until there is a new result, and for no longer than their
// second.
//
// Promise (Health over HTTP and gRPC): A request runs no check and waits for none. While nothing is new, its cost does not grow with the number of checks.
func TestHealthPagesAreMadeOnceASecondOrWhenThereIsNews(t *testing.T) {
	withChecks(t, func(t *testing.T, c checkup) {
		c.register("db", health.Config{Interval: health.OnDemand}, fine)
		synctest.Wait()
		for _, path := range []string{"/health", "/readyz", "/livez/", "/startupz"} {
			made := func() *byte {
				q, found := locate(c.Set.Load(), path)
				require.True(t, found)
				return &c.answer(&q).body[0]
			}
			first := made()
			require.Same(t, first, made())
			time.Sleep(999 * time.Millisecond)
			require.Same(t, first, made())
			c.run("db")
			second := made()
			require.NotSame(t, first, second, "there is a new result")
			require.Same(t, second, made())
			time.Sleep(time.Millisecond)
			require.NotSame(t, second, made(), "all are a second older")
		}
	})
}
