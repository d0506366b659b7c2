package clients

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	understudy "github.com/understudy-go/understudy/api"
)

// serveNginx starts an nginx that answers everything with one status. The caller stops it.
func serveNginx(t *testing.T, host, port string, status int) *server {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "nginx.conf")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, `
		daemon off;
		master_process off;
		pid nginx.pid;
		events {}
		http {
			access_log off;
			client_body_temp_path body;
			proxy_temp_path proxy;
			fastcgi_temp_path fastcgi;
			uwsgi_temp_path uwsgi;
			scgi_temp_path scgi;
			server {
				listen %s:%s;
				return %d;
			}
		}`, host, port, status), 0o644))
	return serve(t, "", "using the", "nginx",
		"-p", dir, "-c", config, "-e", "stderr", "-g", "error_log stderr notice;")
}

// Promise (Clients): A server that is back and answers nothing but 404 closes its circuit, where 404 is expected.
func TestAServerThatAnswersOnly404ClosesTheCircuit(t *testing.T) {
	s := start(t)
	host, port := address(t)
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	b := breaker(t, s, understudy.BreakerConfig{ResetTimeout: time.Millisecond, Expected: []error{statusError(404)}})
	ask := func(ctx context.Context) error { return get(ctx, client, "http://"+host+":"+port) }

	halfOpen := reaches(t, s, understudy.HalfOpen)
	down := serveNginx(t, host, port, http.StatusServiceUnavailable)
	for range 3 {
		require.Equal(t, statusError(503), b.Run(t.Context(), ask))
	}
	down.stop()
	<-halfOpen

	t.Cleanup(serveNginx(t, host, port, http.StatusNotFound).stop)
	answers := make(chan error)
	const callers = 50
	for range callers {
		go func() { answers <- b.Run(t.Context(), ask) }()
	}
	for range callers {
		if err := <-answers; err != statusError(404) {
			require.ErrorIs(t, err, understudy.ErrCircuitOpen, "refused while the trials ran")
		}
	}
	require.Equal(t, understudy.Closed, b.State())
	require.Equal(t, statusError(404), b.Run(t.Context(), ask))
}

// get asks for a page and reads it. A status of 400 or above is a statusError.
func get(ctx context.Context, client *http.Client, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode >= 400 {
		return statusError(response.StatusCode)
	}
	return nil
}

type statusError int

func (e statusError) Error() string { return fmt.Sprintf("status %d", int(e)) }
