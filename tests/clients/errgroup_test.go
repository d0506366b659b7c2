package clients

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	understudy "github.com/understudy-go/understudy/api"
)

// shop is an HTTP server. /slow answers when its client has left, all else answers 500.
type shop struct {
	*httptest.Server
	waiting chan struct{} // a value for each client of /slow that waits
}

func openShop(t *testing.T) shop {
	s := shop{waiting: make(chan struct{}, 10)}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			s.waiting <- struct{}{}
			<-r.Context().Done()
			return
		}
		w.WriteHeader(http.StatusInternalServerError)
	}))
	t.Cleanup(s.Close)
	return s
}

// get returns a call that asks for a page of the shop.
func (s shop) get(path string) func(context.Context) error {
	return func(ctx context.Context) error { return get(ctx, s.Client(), s.URL+path) }
}

// waitFor waits until so many clients of /slow wait.
func (s shop) waitFor(n int) {
	for range n {
		<-s.waiting
	}
}

// around returns policies that have the breaker in them.
func around(t *testing.T, s *understudy.System, b *understudy.Breaker) map[string]understudy.Policy {
	retry, err := s.Retry("shop", understudy.RetryConfig{})
	require.NoError(t, err)
	cooperative := understudy.TimeoutConfig{Limit: long, Cooperative: true}
	return map[string]understudy.Policy{
		"alone":                 b,
		"in a hard timeout":     understudy.Compose(understudy.Timeout(long), b),
		"around a hard timeout": understudy.Compose(b, understudy.Timeout(long)),
		"in a cooperative one":  understudy.Compose(cooperative, b),
		"in a retry":            understudy.Compose(retry, b),
	}
}

// errgroup cancels the ctx of all siblings with the error of the first that fails, and
// http.Client returns that cause in place of context.Canceled.
//
// Promise (Clients): Siblings that an errgroup cancels are ignored, whatever error their client returns.
func TestSiblingsOfAFailureAreIgnored(t *testing.T) {
	shop, s := openShop(t), start(t)
	b := breaker(t, s, understudy.BreakerConfig{})
	for name, policy := range around(t, s, b) {
		require.NoError(t, b.Reset())
		before := counts(t, b)
		group, ctx := errgroup.WithContext(t.Context())
		for range 3 {
			group.Go(func() error { return understudy.Run(ctx, policy, shop.get("/slow")) })
		}
		group.Go(func() error { shop.waitFor(3); return errBoom })
		require.Equal(t, errBoom, group.Wait(), name)
		require.Equal(t, understudy.Closed, b.State(), name)
		require.Equal(t, before.Ignored+3, counts(t, b).Ignored, name)
		require.Equal(t, before.Failures, counts(t, b).Failures, name)
	}
}

// Promise (Clients): Callers that leave with a cause of their own are ignored.
func TestCallersThatLeaveWithACauseAreIgnored(t *testing.T) {
	shop, s := openShop(t), start(t)
	b := breaker(t, s, understudy.BreakerConfig{})
	for name, policy := range around(t, s, b) {
		require.NoError(t, b.Reset())
		before := counts(t, b)
		for range 3 {
			ctx, cancel := context.WithCancelCause(t.Context())
			left := make(chan error)
			go func() { left <- understudy.Run(ctx, policy, shop.get("/slow")) }()
			shop.waitFor(1)
			cancel(errBoom)
			require.Error(t, <-left, name)
		}
		require.Equal(t, understudy.Closed, b.State(), name)
		require.Equal(t, before.Ignored+3, counts(t, b).Ignored, name)
		require.Equal(t, before.Failures, counts(t, b).Failures, name)
	}
}

// Promise (Clients): A real failure of the server counts, also in an errgroup.
func TestFailuresOfTheServerCountInAnErrgroup(t *testing.T) {
	shop, s := openShop(t), start(t)
	b := breaker(t, s, understudy.BreakerConfig{})
	for range 3 {
		group, ctx := errgroup.WithContext(t.Context())
		group.Go(func() error { return b.Run(ctx, shop.get("/broken")) })
		require.Equal(t, statusError(500), group.Wait())
	}
	require.Equal(t, understudy.Open, b.State())
	require.Equal(t, uint64(3), counts(t, b).Failures)
}
