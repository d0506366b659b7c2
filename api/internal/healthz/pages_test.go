package healthz

import (
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/actors/health"
)

// Answers are kept until the next result or the next second.
//
// Promise (Health over HTTP and gRPC): A request runs no check and waits for none. While nothing is new, its cost does not grow with the number of checks.
func TestHealthPagesAreMadeOnceASecondOrWhenThereIsNews(t *testing.T) {
	withChecks(t, func(t *testing.T, c checkup) {
		c.register("db", health.Config{Interval: health.OnDemand}, fine)
		synctest.Wait()
		for _, path := range []string{"/health", "/readyz", "/livez/", "/startupz"} {
			body := func() *byte {
				q, found := locate(c.Set.Load(), Endpoints(), &url.URL{Path: path})
				require.True(t, found)
				return &c.page(&q).body()[0]
			}
			first := body()
			require.Same(t, first, body())
			time.Sleep(999 * time.Millisecond)
			require.Same(t, first, body())
			c.run("db")
			second := body()
			require.NotSame(t, first, second, "there is a new result")
			require.Same(t, second, body())
			time.Sleep(time.Millisecond)
			require.NotSame(t, second, body(), "all results are a second older")
		}
	})
}
