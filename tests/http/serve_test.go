package http_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// logLines receives the lines of a log.
type logLines chan string

func (l logLines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

// await returns the next line that contains text.
func (l logLines) await(text string) string {
	for line := range l {
		if strings.Contains(line, text) {
			return line
		}
	}
	return ""
}

// serving is a System that serves on a real socket.
type serving struct {
	*api.System
	lines  logLines
	ended  chan error // receives what Serve returns
	cancel func()     // ends the ctx of Serve
	client http.Client
}

func serveWith(t *testing.T, server *http.Server, cfg api.DrainConfig) *serving {
	t.Helper()
	lines := make(logLines, 1000)
	s, err := api.Start(api.SystemConfig{Logger: slog.New(slog.NewTextHandler(lines, nil))})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	running := &serving{System: s, lines: lines, ended: make(chan error, 1), cancel: cancel,
		client: http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}}
	if server != nil {
		server.ReadHeaderTimeout = 5 * time.Second
	}
	go func() { running.ended <- s.Serve(ctx, server, cfg) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, s.Shutdown(context.Background()))
	})
	return running
}

// address returns the address that the log says.
func (s *serving) address() string {
	return regexp.MustCompile(`address=(\S+)`).FindStringSubmatch(s.lines.await("msg=Serving"))[1]
}

// get returns the body of a page, or why there is none.
func (s *serving) get(url string) string {
	response, err := s.client.Get(url)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	return string(body)
}

// Promise (Health over HTTP and gRPC): Serve serves until a signal or the end of ctx, then drains: Finish, server.Shutdown, Shutdown, in this order.
func TestServeDrainsInOrder(t *testing.T) {
	for name, encrypted := range map[string]bool{"http": false, "https": true} {
		t.Run(name, func(t *testing.T) {
			arrived, release := make(chan struct{}), make(chan struct{})
			server := &http.Server{Addr: "127.0.0.1:0", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				close(arrived)
				<-release
				_, _ = io.WriteString(w, "served")
			})}
			if encrypted {
				donor := httptest.NewTLSServer(nil) // for its certificate
				server.TLSConfig = &tls.Config{Certificates: donor.TLS.Certificates}
				donor.Close()
			}
			var s *serving
			ready := make(chan struct{})
			var address string
			finish := func(context.Context) error {
				<-ready
				conn, err := net.Dial("tcp", address)
				if err == nil {
					err = conn.Close()
				}
				close(release)
				return errors.Join(err, s.Health().Register("new", api.CheckConfig{}, fine))
			}
			s = serveWith(t, server, api.DrainConfig{Delay: 1, Finish: []func(context.Context) error{finish}})
			address = s.address()
			close(ready)
			body := make(chan string)
			go func() { body <- s.get(name + "://" + address) }()
			<-arrived
			s.cancel()
			require.Equal(t, "served", <-body, "a request in flight is answered")
			require.NoError(t, <-s.ended, "Finish ran before the server and the System stopped")
			_, err := net.Dial("tcp", address)
			require.Error(t, err)
			require.ErrorIs(t, s.Health().Register("x", api.CheckConfig{}, fine), api.ErrShutdown)
			require.ErrorIs(t, s.Serve(t.Context(), server, api.DrainConfig{}), api.ErrShutdown)
		})
	}
}

// Promise (Health over HTTP and gRPC): The error of a listener comes back from Serve at once, after Shutdown. A server that stops by itself is drained without the delay.
func TestServeReturnsTheErrorOfItsListener(t *testing.T) {
	other, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer other.Close()
	finished := false
	finish := func(context.Context) error { finished = true; return nil }
	s := serveWith(t, &http.Server{Addr: other.Addr().String()}, api.DrainConfig{Delay: time.Hour, Finish: []func(context.Context) error{finish}})
	err = <-s.ended
	require.ErrorContains(t, err, "address already in use")
	require.True(t, finished, "what the program has started is stopped")
	require.ErrorIs(t, s.Health().Register("x", api.CheckConfig{}, fine), api.ErrShutdown)
}

// Promise (Health over HTTP and gRPC): The error of a listener comes back from Serve at once, after Shutdown. A server that stops by itself is drained without the delay.
func TestServeEndsWithItsServer(t *testing.T) {
	finished := false
	finish := func(context.Context) error { finished = true; return nil }
	server := &http.Server{Addr: "127.0.0.1:0"}
	s := serveWith(t, server, api.DrainConfig{Delay: time.Hour, Finish: []func(context.Context) error{finish}})
	s.address()
	require.NoError(t, server.Close())
	require.ErrorIs(t, <-s.ended, http.ErrServerClosed)
	require.True(t, finished)
	require.ErrorIs(t, s.Health().Register("x", api.CheckConfig{}, fine), api.ErrShutdown)
}

// Promise (Health over HTTP and gRPC): The error of a listener comes back from Serve at once, after Shutdown. A server that stops by itself is drained without the delay.
func TestServeFreesThePortOfAServerThatCannotServe(t *testing.T) {
	certificate := func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, errors.New("none") }
	unfit := &tls.Config{GetCertificate: certificate, MinVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA}} // not for HTTP/2
	s := serveWith(t, &http.Server{Addr: "127.0.0.1:0", TLSConfig: unfit}, api.DrainConfig{Delay: time.Hour})
	address := s.address()
	require.ErrorContains(t, <-s.ended, "CipherSuites")
	again, err := net.Listen("tcp", address)
	require.NoError(t, err)
	require.NoError(t, again.Close())
}

// Promise (Health over HTTP and gRPC): Serve closes the connections that are still open when the limit has passed.
func TestServeClosesWhatOutlivesTheLimit(t *testing.T) {
	release := make(chan struct{})
	arrived := make(chan struct{})
	server := &http.Server{Addr: "127.0.0.1:0", Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done() // which the end of the connection ends
		close(release)
	})}
	s := serveWith(t, server, api.DrainConfig{Delay: 1, Limit: 50 * time.Millisecond})
	url := "http://" + s.address()
	failed := make(chan error)
	go func() { _, err := s.client.Get(url); failed <- err }()
	<-arrived
	s.cancel()
	require.ErrorIs(t, <-s.ended, context.DeadlineExceeded)
	require.Error(t, <-failed)
	<-release
}

// service is the variable of the environment that makes the test binary run
// serveForSignals instead of tests. Its value is "polite" or "stubborn".
const service = "UNDERSTUDY_TEST_SERVICE"

// serveForSignals is a program that serves until it receives SIGINT. A stubborn one
// has work in flight that never ends.
func serveForSignals(manner string) {
	s, err := api.Start(api.SystemConfig{Logger: slog.New(slog.NewTextHandler(os.Stdout, nil))})
	if err != nil {
		panic(err)
	}
	finish := func(context.Context) error {
		if manner == "stubborn" {
			select {}
		}
		return nil
	}
	server := &http.Server{Addr: "127.0.0.1:0", Handler: s.Health().Handler(), ReadHeaderTimeout: time.Second}
	err = s.Serve(context.Background(), server, api.DrainConfig{Delay: 2 * time.Minute, Finish: []func(context.Context) error{finish}})
	fmt.Println("Serve returned", err)
}
