package api_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	understudy "github.com/understudy-go/understudy/api"
)

// No rows is an answer: it counts as a Success, so that a database that is well again
// closes its circuit, whatever it is asked.
func ExampleBreakerConfig_expected() {
	ctx := context.Background()
	sys, _ := understudy.Start(quiet)
	defer sys.Shutdown(ctx)
	breaker, _ := sys.Breaker("orders", understudy.BreakerConfig{
		Expected:         []error{sql.ErrNoRows},
		HalfOpenMaxCalls: 2,
	})
	_ = breaker.Trip("an outage")
	_ = breaker.TryNow() // instead of a minute

	for range 2 {
		err := breaker.Run(ctx, func(context.Context) error { return fmt.Errorf("order 7: %w", sql.ErrNoRows) })
		fmt.Println(err, breaker.State())
	}
	// Output:
	// order 7: sql: no rows in result set HALF_OPEN
	// order 7: sql: no rows in result set CLOSED
}

// A client that returns a 503 with a nil error.
func ExampleFailWhen() {
	ctx := context.Background()
	sys, _ := understudy.Start(quiet)
	defer sys.Shutdown(ctx)
	breaker, _ := sys.Breaker("search", understudy.BreakerConfig{FailureThreshold: 1})

	search := func(context.Context) (*http.Response, error) {
		return &http.Response{StatusCode: 503, Body: http.NoBody}, nil
	}
	unavailable := func(r *http.Response) error {
		if r.StatusCode < 500 {
			return nil
		}
		return errors.Join(fmt.Errorf("status %d", r.StatusCode), r.Body.Close())
	}
	response, err := understudy.Do(ctx, breaker, understudy.FailWhen(search, unavailable))
	fmt.Println(response.StatusCode, err, breaker.State())
	// Output: 503 status 503 OPEN
}

// An error that was found before the dependency was asked.
func ExampleIgnore() {
	ctx := context.Background()
	sys, _ := understudy.Start(quiet)
	defer sys.Shutdown(ctx)
	breaker, _ := sys.Breaker("mail", understudy.BreakerConfig{FailureThreshold: 1})

	err := breaker.Run(ctx, func(context.Context) error {
		return understudy.Ignore(errors.New("the letter has no address"))
	})
	stats, _ := breaker.Stats()
	fmt.Println(err, stats.State, stats.Ignored, "ignored")
	// Output: the letter has no address CLOSED 1 ignored
}

// heldBody is a body whose ctx lives on until Close.
type heldBody struct {
	io.ReadCloser
	release func()
}

func (b heldBody) Close() error {
	defer b.release()
	return b.ReadCloser.Close()
}

// A Timeout ends the ctx of its call when the call returns. A body is read after that.
func ExampleHold() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, strings.Repeat("a long page ", 100_000))
	}))
	defer server.Close()

	response, err := understudy.WithTimeout(context.Background(), time.Minute, func(ctx context.Context) (*http.Response, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
		if err != nil {
			return nil, err
		}
		response, err := server.Client().Do(request)
		if err != nil {
			return nil, err
		}
		response.Body = heldBody{response.Body, understudy.Hold(ctx)}
		return response, nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	read, err := io.Copy(io.Discard, response.Body)
	fmt.Println(read, "bytes, error:", err)
	// Output: 1200000 bytes, error: <nil>
}

// What a function returns too late must be closed: a connection, a response, rows.
func ExampleTimeoutConfig_late() {
	closed := make(chan struct{})
	dial := understudy.TimeoutConfig{Limit: 10 * time.Millisecond, Operation: "dial", Late: func(value any, err error) {
		if connection, ok := value.(io.Closer); ok {
			_ = connection.Close()
		}
		close(closed)
	}}
	connection, err := understudy.Do(context.Background(), dial, func(ctx context.Context) (io.ReadCloser, error) {
		<-ctx.Done() // and yet it succeeds
		return io.NopCloser(strings.NewReader("hello")), nil
	})
	fmt.Println(connection, err)
	<-closed
	// Output: <nil> Operation 'dial' timed out after 10ms
}
