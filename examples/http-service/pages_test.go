package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	understudy "github.com/understudy-go/understudy/api"
)

// upstream plays the catalog: an http.RoundTripper needs no socket, so its
// service can run in virtual time.
type upstream struct {
	status   atomic.Int32 // of the next answers; 0: the connection is refused
	requests atomic.Int32 // for prices
}

func (u *upstream) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path != "/healthz" {
		u.requests.Add(1)
	}
	status := int(u.status.Load())
	if status == 0 {
		return nil, errors.New("connection refused")
	}
	return &http.Response{
		StatusCode: status,
		Header:     http.Header{},
		Body:       io.NopCloser(strings.NewReader(`{"cents": 120}`)),
		Request:    r,
	}, nil
}

// service runs a story in virtual time, with the pages of a service whose catalog
// works.
func service(t *testing.T, story func(t *testing.T, catalog *upstream, page func(path string) string)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		sys, err := understudy.Start(understudy.SystemConfig{Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, sys.Shutdown(context.Background())) })
		catalog := &upstream{}
		catalog.status.Store(http.StatusOK)
		pages, err := newPages(sys, &http.Client{Transport: catalog}, "http://catalog")
		require.NoError(t, err)
		story(t, catalog, func(path string) string {
			w := httptest.NewRecorder()
			pages.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
			return fmt.Sprintf("%d %s", w.Code, strings.TrimSpace(w.Body.String()))
		})
	})
}

func TestPricesComeFromTheCatalog(t *testing.T) {
	service(t, func(t *testing.T, catalog *upstream, page func(string) string) {
		require.Equal(t, `200 {"item":"apple","cents":120,"stale":false}`, page("/price/apple"))
	})
}

func TestAnUnknownItemIsAnAnswer(t *testing.T) {
	service(t, func(t *testing.T, catalog *upstream, page func(string) string) {
		catalog.status.Store(http.StatusNotFound)
		for range 10 {
			require.Equal(t, "404 Not Found", page("/price/unicorn"))
		}
		require.EqualValues(t, 10, catalog.requests.Load(), "not retried, and the circuit stays closed")
	})
}

func TestTheLastPriceServesWhileTheCatalogIsDown(t *testing.T) {
	service(t, func(t *testing.T, catalog *upstream, page func(string) string) {
		page("/price/apple")
		catalog.status.Store(0)
		for range 10 {
			require.Equal(t, `200 {"item":"apple","cents":120,"stale":true}`, page("/price/apple"))
		}
		require.Less(t, catalog.requests.Load(), int32(10), "the open circuit spares the catalog")
		require.Equal(t, "503 the catalog does not answer", page("/price/pear"))

		catalog.status.Store(http.StatusOK)
		time.Sleep(11 * time.Second)
		require.Contains(t, page("/health/circuits"), `200 {"status":"healthy"`, "the probe, and no request, closed the circuit")
		require.Equal(t, `200 {"item":"apple","cents":120,"stale":false}`, page("/price/apple"))
	})
}

func TestAnOutageOfTheCatalogDegradesTheService(t *testing.T) {
	service(t, func(t *testing.T, catalog *upstream, page func(string) string) {
		synctest.Wait() // for the first run of the check
		require.Equal(t, "200 ok", page("/readyz"))
		catalog.status.Store(http.StatusServiceUnavailable)
		time.Sleep(20 * time.Second)
		require.Contains(t, page("/health"), `200 {"status":"degraded"`)
		require.Contains(t, page("/readyz?verbose"), "[-]catalog failed")
		require.Equal(t, "200 ok", page("/livez"))
	})
}
