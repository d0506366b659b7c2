package healthz

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/understudy-go/understudy/actors/health"
	"github.com/understudy-go/understudy/messages"
	"github.com/understudy-go/understudy/system"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// checkup is a Source with the system that its checks run in.
type checkup struct {
	*Source
	t *testing.T
}

// withChecks runs fn in a bubble with a Source. After fn it stops the checks and
// shuts the system down.
func withChecks(t *testing.T, fn func(t *testing.T, c checkup)) {
	synctest.Test(t, func(t *testing.T) {
		s, err := system.Start(slog.New(slog.DiscardHandler), 0)
		require.NoError(t, err)
		c := checkup{NewSource(health.NewShared(s, 256), "3.1.0", time.Now(), nil), t}
		defer func() {
			s.Close()
			for _, h := range c.Set.Load().Checks() {
				h.Cancel(messages.ErrShutdown)
				if h.Running() {
					<-h.Returned()
				}
			}
			require.NoError(t, s.Shutdown(context.Background()))
		}()
		fn(t, c)
	})
}

// register starts a check and adds it to the Source.
func (c checkup) register(name string, cfg health.Config, check health.Func) {
	set := c.Set.Load()
	dependencies, err := set.Dependencies(name, cfg.DependsOn)
	require.NoError(c.t, err)
	h, err := health.Start(c.shared, name, cfg, check, dependencies...)
	require.NoError(c.t, err)
	c.Set.Store(set.With(h))
}

// run runs a check.
func (c checkup) run(name string) {
	h, found := c.Set.Load().Find(name)
	require.True(c.t, found)
	h.Run(c.t.Context())
}

func fine(context.Context) (messages.Details, error) { return nil, nil }

// get requests a path in the format of a media type.
func get(h http.Handler, path, accept string) (code int, body string) {
	r := httptest.NewRequest("GET", path, nil)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	read, _ := io.ReadAll(w.Result().Body)
	return w.Code, string(read)
}
