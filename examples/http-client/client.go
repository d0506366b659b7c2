package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	understudy "github.com/understudy-go/understudy/api"
)

// client gets the pages of a service.
type client struct {
	http  *http.Client
	base  string // the URL of the service
	guard understudy.Policy
}

// newClient guards the calls to the service at base: up to three attempts, and
// two seconds for all of them.
func newClient(sys *understudy.System, http *http.Client, base string) (*client, error) {
	breaker, err := sys.Breaker("pages", understudy.BreakerConfig{Classify: outcome})
	if err != nil {
		return nil, err
	}
	retry, err := sys.Retry("pages", understudy.RetryConfig{InitialDelay: 10 * time.Millisecond, Classify: outcome})
	if err != nil {
		return nil, err
	}
	// http.Client honours its ctx, so the timeout needs no goroutine.
	limit := understudy.TimeoutConfig{Limit: 2 * time.Second, Operation: "get a page", Cooperative: true}
	return &client{http: http, base: base, guard: understudy.Compose(limit, retry, breaker)}, nil
}

// statusError is the error for a response that is not 2xx.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("the service answered %d", int(e)) }

// outcome is the rule of the breaker and of the retry. A 4xx is an answer: it is a
// Success, and not retried.
func outcome(err error) understudy.Outcome {
	var status statusError
	switch {
	case err == nil:
		return understudy.Success
	case errors.As(err, &status) && status < 500 && status != http.StatusTooManyRequests:
		return understudy.Success
	}
	return understudy.Failure
}

// open returns the body of a page. The caller reads it after the call has ended,
// and must close it.
func (c *client) open(ctx context.Context, path string) (io.ReadCloser, error) {
	get := func(ctx context.Context) (*http.Response, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
		if err != nil {
			return nil, understudy.Ignore(understudy.Permanent(err)) // nothing was sent
		}
		response, err := c.http.Do(request)
		if err != nil {
			return nil, err
		}
		response.Body = heldBody{response.Body, understudy.Hold(ctx)}
		return response, nil
	}
	response, err := understudy.Do(ctx, c.guard, understudy.FailWhen(get, bad))
	if err != nil {
		return nil, err
	}
	return response.Body, nil
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

// bad returns an error for a response that http.Client returns with a nil error. It
// closes the body, because the caller of Do does not get it.
func bad(response *http.Response) error {
	if response.StatusCode < 300 {
		return nil
	}
	return errors.Join(statusError(response.StatusCode), response.Body.Close())
}
