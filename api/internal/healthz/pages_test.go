package healthz

import (
	"fmt"
	"net/http/httptest"
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

// Promise (Health over HTTP and gRPC): Clients that ask for the same page at the same moment share it, and one of them writes it. An exclude that names nothing known is the same page.
func TestClientsShareAPage(t *testing.T) {
	withChecks(t, func(t *testing.T, c checkup) {
		c.register("db", health.Config{Interval: health.OnDemand}, fine)
		synctest.Wait()
		bodies := make(chan *byte, 100)
		for i := range cap(bodies) {
			go func() { // ends with its page
				r := httptest.NewRequest("GET", fmt.Sprintf("/health?exclude=nobody-%d", i), nil)
				q, _ := locate(c.Set.Load(), Endpoints(), r.URL)
				q.read(r)
				bodies <- &c.page(&q).body()[0]
			}()
		}
		first := <-bodies
		for range cap(bodies) - 1 {
			require.Same(t, first, <-bodies)
		}
	})
}
