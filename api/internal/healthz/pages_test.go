package healthz

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/actors/health"
)

// Promise (Health over HTTP and gRPC): A request runs no check and waits for none. Its cost does not grow with the number of checks.
func TestHealthPagesAreMadeOnceASecondOrWhenThereIsNews(t *testing.T) {
	withChecks(t, func(t *testing.T, c checkup) {
		c.register("db", health.Config{Interval: health.OnDemand}, fine)
		synctest.Wait()
		handler := NewHandler(c.Source, Config{})
		first := func(kind int) *byte {
			ask(handler, "/health", "")
			ask(handler, "/readyz?verbose", "")
			g, _ := c.Set.Load().in(map[int]string{kindJSON: "", kindText: "ready"}[kind])
			return &g.last.Load().pages[2*kind].Load().text[0]
		}
		for _, kind := range []int{kindJSON, kindText} {
			made := first(kind)
			require.Same(t, made, first(kind))
			c.run("db")
			again := first(kind)
			require.NotSame(t, made, again, "there is a new result")
			require.Same(t, again, first(kind))
			time.Sleep(time.Second)
			require.NotSame(t, again, first(kind), "all are a second older")
		}
	})
}
