package checks_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
	"github.com/understudy-go/understudy/api/checks"
)

// redirectTo answers every request with a redirect to an address.
func redirectTo(address string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", address)
		w.WriteHeader(http.StatusFound)
	}
}

// Promise (Health): A check of HTTP takes a redirect as the response, unless it is asked to follow it and it leads to the same scheme, host and port.
func TestHTTPFollowsRedirectsToTheSameOriginOnly(t *testing.T) {
	var strangers atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strangers.Add(1) }))
	defer other.Close()
	var self string
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to := map[string]string{
			"/relative": "/ok", "/itself": self + "/ok", "/upper": strings.ToUpper(self[:len("https://x")]) + self[len("https://x"):] + "/ok",
			"/loop": "/loop", "/other": other.URL, "/insecure": strings.Replace(self, "https:", "http:", 1) + "/ok",
			"/port": "https://127.0.0.1:1/ok", "/twice": "/other", "/bad": "http://a b/%zz?token=secret", "/user": "https://me:secret@" + self[len("https://"):] + "/ok",
		}[r.URL.Path]
		if to != "" {
			redirectTo(to)(w, r)
		}
	}))
	defer secure.Close()
	self = secure.URL
	for _, row := range []struct {
		path          string
		follow        bool
		status        int
		fails, notice string
	}{
		{"/relative", false, 0, "answered 302 Found", ""},
		{"/relative", false, 302, "", ""},
		{"/relative", true, 0, "", ""},
		{"/itself", true, 0, "", ""},
		{"/upper", true, 0, "", ""},
		{"/user", true, 0, "", ""},
		{"/loop", true, 0, "stopped after 10 redirects", ""},
		{"/other", false, 0, "answered 302 Found", ""},
		{"/other", true, 0, "answered 302 Found", ""},
		{"/other", true, 302, "", ""},
		{"/twice", true, 0, "answered 302 Found", ""},
		{"/insecure", true, 0, "answered 302 Found", ""},
		{"/port", true, 0, "answered 302 Found", ""},
		{"/bad", false, 0, "answered 302 Found", ""},
		{"/bad", true, 0, "answered 302 Found", ""},
	} {
		want := checks.Expect{Client: secure.Client(), FollowRedirects: row.follow, Status: row.status, Header: http.Header{"Authorization": {"secret"}}}
		_, err := checks.HTTP(self+row.path, want)(t.Context())
		if row.fails == "" {
			require.NoError(t, err, row.path)
		} else {
			require.ErrorContains(t, err, row.fails, row.path)
			require.NotContains(t, err.Error(), "secret")
		}
	}
	require.Zero(t, strangers.Load(), "another host was asked")
	resp, err := secure.Client().Get(self + "/relative")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, 200, resp.StatusCode, "the caller's client is as it was")
	secure.Client().CloseIdleConnections()
}

// Promise (Health): A check of HTTP shows the status by its code, whatever the phrase beside it.
func TestHTTPShowsNoPhraseOfTheUpstream(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan struct{})
	go func() { // ends when the listener is closed
		defer close(served)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			req, err := http.ReadRequest(bufio.NewReader(conn))
			if err == nil {
				fmt.Fprintf(conn, "HTTP/1.1 %s %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", req.URL.Path[1:], strings.Repeat("\x1b[2Jx", 100_000))
			}
			_ = conn.Close()
		}
	}()
	for path, want := range map[string]string{"/404": "answered 404 Not Found", "/799": "answered 799"} {
		details, err := checks.HTTP("http://"+listener.Addr().String()+path, checks.Expect{})(t.Context())
		require.EqualError(t, err, want)
		require.Len(t, details, 1)
	}
	require.NoError(t, listener.Close())
	<-served
}

// Promise (Health): No error of a ready-made check shows the user, password or query of an address.
func TestNoErrorShowsASecretOfTheAddress(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	down := closed.Addr().String()
	for what, check := range map[string]api.Check{
		"HTTP, down":            checks.HTTP("http://me:secret@"+down+"/healthz?token=secret#secret", checks.Expect{}),
		"HTTP, a bad port":      checks.HTTP("http://me:secret/x@"+down, checks.Expect{}),
		"HTTP, a bad host":      checks.HTTP("http://me:secret@a b", checks.Expect{}),
		"HTTP, a bad escape":    checks.HTTP("http://me:secret@a/%zz?token=secret", checks.Expect{}),
		"HTTP, a bad user":      checks.HTTP("http://m e:secret@a", checks.Expect{}),
		"HTTP, a control":       checks.HTTP("http://me:secret@a\x7f", checks.Expect{}),
		"HTTP, another scheme":  checks.HTTP("postgres://me:secret@"+down, checks.Expect{}),
		"TCP, a URL":            checks.TCP("postgres://me:secret@" + down),
		"TCP, a user":           checks.TCP("me:secret@" + down),
		"TCP, a user, no port":  checks.TCP("me:secret"),
		"TCP, a user and a key": checks.TCP("secret@" + down),
		"TCP, a query":          checks.TCP(down + "?token=secret"),
		"DNS, a URL":            checks.DNS("postgres://me:secret@db"),
		"DNS, a user":           checks.DNS("me:secret@db"),
		"DNS, a user, no host":  checks.DNS("me:secret"),
		"DNS, a query":          checks.DNS("db?token=secret"),
	} {
		_, err := check(t.Context())
		require.Error(t, err, what)
		require.NotContains(t, err.Error(), "secret", what)
		if what == "HTTP, down" {
			require.ErrorContains(t, err, "GET http://"+down+"/healthz: ")
			require.ErrorContains(t, err, "refused")
		} else {
			require.ErrorIs(t, err, api.ErrConfig, what)
		}
	}
	malformed := "http://me:secret@%zz"
	badProxy := &http.Client{Transport: &http.Transport{Proxy: func(*http.Request) (*url.URL, error) { return url.Parse(malformed) }}}
	_, err = checks.HTTP("http://"+down, checks.Expect{Client: badProxy})(t.Context())
	require.ErrorContains(t, err, "invalid URL escape")
	require.NotContains(t, err.Error(), "secret")
	_, err = checks.DNS("::1")(t.Context())
	require.NoError(t, err, "an address is a host")
}
