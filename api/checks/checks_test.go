package checks_test

import (
	"bufio"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/understudy-go/understudy/api"
	"github.com/understudy-go/understudy/api/checks"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Promise (Health): Ready-made checks are tested against the real thing.
func TestTCP(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	check := checks.TCP(listener.Addr().String())
	details, err := check(t.Context())
	require.NoError(t, err)
	require.Equal(t, listener.Addr().String(), details["remote"])
	require.NoError(t, listener.Close())
	_, err = check(t.Context())
	require.ErrorContains(t, err, "refused")
	done, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = check(done)
	require.Error(t, err, "it honours its ctx")
}

// Promise (Health): Ready-made checks are tested against the real thing.
func TestHTTP(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/ok":
			fmt.Fprint(w, "all is well, ", r.Header.Get("X-Who"))
		case "/teapot":
			w.WriteHeader(http.StatusTeapot)
		case "/endless":
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 4096)); err != nil {
					return
				}
			}
		case "/hang":
			<-r.Context().Done()
		}
	}))
	defer server.Close()
	client := server.Client()
	for _, row := range []struct {
		path  string
		want  checks.Expect
		fails string
	}{
		{"/ok", checks.Expect{}, ""},
		{"/ok", checks.Expect{Contains: "well, me", Header: http.Header{"X-Who": {"me"}}}, ""},
		{"/ok", checks.Expect{Contains: "well", BodyLimit: 5}, `does not contain "well"`},
		{"/ok", checks.Expect{Contains: "on fire"}, `does not contain "on fire"`},
		{"/ok", checks.Expect{Status: 204}, "answered 200 OK"},
		{"/teapot", checks.Expect{}, "answered 418"},
		{"/teapot", checks.Expect{Status: 418}, ""},
		{"/endless", checks.Expect{}, ""},
		{"/hang", checks.Expect{}, "deadline exceeded"},
	} {
		row.want.Client = client
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		if row.path == "/hang" {
			cancel()
			ctx, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
		}
		_, err := checks.HTTP(server.URL+row.path, row.want)(ctx)
		cancel()
		if row.fails == "" {
			require.NoError(t, err, row.path)
		} else {
			require.ErrorContains(t, err, row.fails)
		}
	}
	client.CloseIdleConnections()
}

// Promise (Health): Ready-made checks are tested against the real thing.
func TestDNS(t *testing.T) {
	details, err := checks.DNS("localhost")(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, details["addresses"])
	_, err = checks.DNS("no-such-host.invalid")(t.Context())
	require.Error(t, err)
}

// lineDriver is a database whose server answers "pong" to "ping" on real TCP.
type lineDriver struct{ address string }

func (d lineDriver) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", d.address)
	return lineConn{conn}, err
}
func (d lineDriver) Driver() driver.Driver { return nil }

type lineConn struct{ net.Conn }

func (c lineConn) Ping(context.Context) error {
	fmt.Fprintln(c.Conn, "ping")
	answer, err := bufio.NewReader(c.Conn).ReadString('\n')
	if err != nil || answer != "pong\n" {
		return driver.ErrBadConn
	}
	return nil
}
func (lineConn) Prepare(string) (driver.Stmt, error) { return nil, errors.New("only pings") }
func (lineConn) Begin() (driver.Tx, error)           { return nil, errors.New("only pings") }

// Promise (Health): Ready-made checks are tested against the real thing.
func TestSQL(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan struct{})
	go func() { // ends when the client closes its connection
		defer close(served)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		lines := bufio.NewScanner(conn)
		for lines.Scan() {
			fmt.Fprintln(conn, "pong")
		}
	}()
	db := sql.OpenDB(lineDriver{listener.Addr().String()})
	details, err := checks.SQL(db)(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, details["open"])
	require.NoError(t, db.Close())
	<-served
	require.NoError(t, listener.Close())
	_, err = checks.SQL(db)(t.Context())
	require.ErrorContains(t, err, "closed")
	gone := sql.OpenDB(lineDriver{listener.Addr().String()})
	_, err = checks.SQL(gone)(t.Context())
	require.ErrorContains(t, err, "refused")
	require.NoError(t, gone.Close())
}

// Promise (Health): Ready-made checks are tested against the real thing.
func TestDisk(t *testing.T) {
	details, err := checks.Disk(t.TempDir(), 1)(t.Context())
	require.NoError(t, err)
	require.LessOrEqual(t, details["free_bytes"], details["total_bytes"])
	_, err = checks.Disk(t.TempDir(), math.MaxUint64)(t.Context())
	require.ErrorContains(t, err, "below")
	_, err = checks.Disk(t.TempDir()+"/none", 1)(t.Context())
	require.Error(t, err)
}

// Promise (Health): Ready-made checks are tested against the real thing.
func TestHeapAndGoroutines(t *testing.T) {
	details, err := checks.Heap(math.MaxUint64)(t.Context())
	require.NoError(t, err)
	require.Positive(t, details["heap_bytes"])
	_, err = checks.Heap(1)(t.Context())
	require.ErrorContains(t, err, "above 1")
	_, err = checks.Goroutines(1 << 20)(t.Context())
	require.NoError(t, err)
	_, err = checks.Goroutines(1)(t.Context())
	require.ErrorContains(t, err, "above 1")
}

// Promise (Health): Ready-made checks are tested against the real thing.
func TestHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := checks.NewHeartbeat(10 * time.Second)
		check := h.Check()
		time.Sleep(10 * time.Second)
		_, err := check(t.Context())
		require.NoError(t, err)
		time.Sleep(time.Second)
		_, err = check(t.Context())
		require.EqualError(t, err, "no heartbeat for 11.0s, expected every 10.0s")
		h.Beat()
		_, err = check(t.Context())
		require.NoError(t, err)
	})
}

func TestBadArgumentsAreNamed(t *testing.T) {
	for field, check := range map[string]api.Check{
		"TCP address":      checks.TCP("no-port"),
		"DNS host":         checks.DNS(""),
		"SQL db":           checks.SQL(nil),
		"HTTP address":     checks.HTTP("ftp://x", checks.Expect{}),
		"HTTP Status":      checks.HTTP("http://x", checks.Expect{Status: 7}),
		"HTTP BodyLimit":   checks.HTTP("http://x", checks.Expect{BodyLimit: -1}),
		"Heap limit":       checks.Heap(0),
		"Goroutines limit": checks.Goroutines(-1),
		"Disk path":        checks.Disk("", 1),
		"Disk minFree":     checks.Disk("/", 0),
		"Heartbeat every":  checks.NewHeartbeat(0).Check(),
	} {
		_, err := check(t.Context())
		var bad *api.ConfigError
		require.ErrorAs(t, err, &bad)
		require.Equal(t, field, bad.Name+" "+bad.Field)
	}
}

func Example() {
	system, err := api.Start(api.SystemConfig{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer system.Shutdown(context.Background())
	health := system.Health()

	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	beat := checks.NewHeartbeat(time.Minute)
	_ = health.Register("consumer", api.CheckConfig{}, beat.Check())
	_ = health.Register("goroutines", api.CheckConfig{Optional: true}, checks.Goroutines(100_000))
	_ = health.Register("payments", api.CheckConfig{}, checks.HTTP(server.URL, checks.Expect{}))
	_ = health.Register("port", api.CheckConfig{}, checks.TCP(strings.TrimPrefix(server.URL, "http://")))

	for _, check := range health.RunAll(context.Background()).Checks {
		fmt.Println(strings.TrimSpace(fmt.Sprint(check.Name, " ", check.Status, " ", check.Message)))
	}
	// Output:
	// consumer HEALTHY
	// goroutines HEALTHY
	// payments UNHEALTHY answered 404 Not Found
	// port HEALTHY
}
