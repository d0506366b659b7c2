package http_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Health over HTTP and gRPC): Authorize is asked only if the page would show more. One that panics or hangs admits nobody, is logged, and makes no page later than 500 ms.
func TestAuthorizeIsAskedOnlyIfThePageWouldShowMore(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		mixed(t, s)
		register(t, s, "facts", api.CheckConfig{Groups: []string{"facts"}}, func(context.Context) (api.Details, error) {
			return api.Details{"lag": 3}, nil
		})
		synctest.Wait()
		asked := 0
		cfg := api.HandlerConfig{Authorize: func(*http.Request) bool { asked++; return true }}
		handler := with(t, s, cfg)
		cfg.ShowNames = api.DetailsNever
		hiding := with(t, s, cfg)
		for _, row := range []struct {
			path, accept   string
			asked, ifNames bool
		}{
			{"/livez", asText, false, false},
			{"/readyz", asText, false, false},              // "ok", although a check fails
			{"/livez?verbose", asText, false, true},        // no check has a message
			{"/readyz?verbose", asText, true, true},        // one has
			{"/readyz/cache", asText, true, true},          // it fails
			{"/readyz/db", asText, false, true},            // it may not even exist
			{"/health/facts", asJSON, true, true},          // details
			{"/health/facts", asIETF, true, true},          //
			{"/health/facts?verbose", asText, false, true}, // text shows no details
			{"/health", asPrometheus, false, true},
			{"/livez", asJSON, false, true},
			{"/readyz?exclude=cache&verbose", asText, false, true},
		} {
			asked = 0
			get(handler, row.path, row.accept)
			require.Equal(t, row.asked, asked == 1, "%s %s", row.path, row.accept)
			asked = 0
			get(hiding, row.path, row.accept)
			require.Equal(t, row.ifNames, asked == 1, "%s %s, names hidden", row.path, row.accept)
		}
	})
}

// Promise (Health over HTTP and gRPC): Authorize is asked only if the page would show more. One that panics or hangs admits nobody, is logged, and makes no page later than 500 ms.
func TestAuthorizeThatFailsAdmitsNobody(t *testing.T) {
	release := make(chan struct{})
	for name, row := range map[string]struct {
		authorize func(*http.Request) bool
		takes     time.Duration
		logged    string
	}{
		"panics":            {func(*http.Request) bool { panic("the token service is down") }, 0, "Health: Authorize panicked"},
		"aborts":            {func(*http.Request) bool { panic(http.ErrAbortHandler) }, 0, ""},
		"ends":              {func(*http.Request) bool { runtime.Goexit(); return true }, 0, ""},
		"waits for its ctx": {func(r *http.Request) bool { <-r.Context().Done(); return true }, 500 * time.Millisecond, "Health: Authorize has not returned in time"},
		"hangs":             {func(*http.Request) bool { <-release; return true }, 500 * time.Millisecond, "Health: Authorize has not returned in time"},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			bubbleWith(t, api.SystemConfig{Logger: slog.New(slog.NewTextHandler(&log, nil))}, func(t *testing.T, s *api.System) {
				release = make(chan struct{})
				register(t, s, "loop", api.CheckConfig{Groups: []string{"live"}}, failing("secret"))
				synctest.Wait()
				log.Reset()
				began := time.Now()
				got := get(with(t, s, api.HandlerConfig{Authorize: row.authorize}), "/livez")
				require.Equal(t, 503, got.code)
				require.Equal(t, "[-]loop failed: reason withheld\nlivez check failed\n", got.body)
				require.Equal(t, row.takes, time.Since(began))
				synctest.Wait()
				require.Contains(t, log.String(), row.logged)
				require.Equal(t, row.logged == "", log.Len() == 0)
				close(release)
			})
		})
	}
}

// Promise (Health over HTTP and gRPC): Authorize is asked only if the page would show more. One that panics or hangs admits nobody, is logged, and makes no page later than 500 ms.
func TestAuthorizeThatHangsIsLoggedOnceASecondAndRunsAtMost64Times(t *testing.T) {
	var log bytes.Buffer
	bubbleWith(t, api.SystemConfig{Logger: slog.New(slog.NewTextHandler(&log, nil))}, func(t *testing.T, s *api.System) {
		register(t, s, "loop", api.CheckConfig{Groups: []string{"live"}}, failing("secret"))
		synctest.Wait()
		log.Reset()
		release := make(chan struct{})
		var running atomic.Int32
		handler := with(t, s, api.HandlerConfig{Authorize: func(*http.Request) bool { running.Add(1); <-release; return true }})
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() { require.Contains(t, get(handler, "/livez").body, "withheld") })
		}
		wg.Wait()
		synctest.Wait()
		require.EqualValues(t, 64, running.Load())
		require.Equal(t, 1, strings.Count(log.String(), "Authorize has not returned"))
		close(release)
		synctest.Wait()
		require.Contains(t, get(handler, "/livez").body, "secret", "it has recovered")
	})
}
