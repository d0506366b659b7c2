package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	understudy "github.com/understudy-go/understudy/api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func Example() {
	main()
	// Output:
	// 2 pages, error: <nil>
	// error: the service answered 404
	// CLOSED after 0 failures
}

// serve returns a client of a service, and the breaker between them.
func serve(t *testing.T, service http.HandlerFunc) (*client, *understudy.Breaker) {
	t.Helper()
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	sys, err := understudy.Start(understudy.SystemConfig{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, sys.Shutdown(context.Background())) })
	c, err := newClient(sys, server.Client(), server.URL)
	require.NoError(t, err)
	breaker, _ := sys.LookupBreaker("pages")
	return c, breaker
}

func stats(t *testing.T, b *understudy.Breaker) understudy.BreakerStats {
	t.Helper()
	stats, err := b.Stats()
	require.NoError(t, err)
	return stats
}

// After an outage the service works, and answers only 404. That closes the circuit.
func TestAnswersCloseTheCircuit(t *testing.T) {
	c, breaker := serve(t, http.NotFound)
	require.NoError(t, breaker.Trip("an outage"))
	require.NoError(t, breaker.TryNow()) // instead of a minute
	for range 3 {
		require.Equal(t, understudy.HalfOpen, breaker.State())
		_, err := c.open(t.Context(), "/nothing")
		require.ErrorIs(t, err, statusError(http.StatusNotFound))
	}
	require.Equal(t, understudy.Closed, breaker.State())
}

// A 503 has a nil error: FailWhen makes it a failure, which is retried.
func TestA503IsAFailure(t *testing.T) {
	c, breaker := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	_, err := c.open(t.Context(), "/")
	require.ErrorIs(t, err, understudy.ErrExhausted)
	require.ErrorIs(t, err, statusError(http.StatusServiceUnavailable))
	require.EqualValues(t, 3, stats(t, breaker).Failures)
}

func TestARefusalIsNotRetried(t *testing.T) {
	c, breaker := serve(t, http.NotFound)
	require.NoError(t, breaker.ForceOpen())
	_, err := c.open(t.Context(), "/")
	require.ErrorIs(t, err, understudy.ErrCircuitOpen)
	require.EqualValues(t, 1, stats(t, breaker).Rejected)
}

// errgroup cancels siblings with its own cause, and http.Client returns that cause.
func TestSiblingsOfAFailureAreIgnored(t *testing.T) {
	waiting := make(chan struct{})
	c, breaker := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/missing" {
			<-waiting // until the other request has arrived
			http.NotFound(w, r)
			return
		}
		close(waiting)
		<-r.Context().Done() // until its client has left
	})
	_, err := c.sizes(t.Context(), "/slow", "/missing")
	require.ErrorIs(t, err, statusError(http.StatusNotFound))
	got := stats(t, breaker)
	require.EqualValues(t, []uint64{1, 1, 0}, []uint64{got.Successes, got.Ignored, got.Failures})
}

// The call ends with the header of the response. Hold keeps its ctx alive for the body.
func TestABodyIsReadAfterTheCall(t *testing.T) {
	goOn := make(chan struct{})
	c, breaker := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "first half, ")
		w.(http.Flusher).Flush()
		<-goOn
		_, _ = io.WriteString(w, "second half")
	})
	body, err := c.open(t.Context(), "/")
	require.NoError(t, err)
	require.EqualValues(t, 1, stats(t, breaker).Successes, "counted when it returned")
	close(goOn)
	text, err := io.ReadAll(body)
	require.NoError(t, err)
	require.Equal(t, "first half, second half", string(text))
	require.NoError(t, body.Close())
}
