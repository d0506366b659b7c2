package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	understudy "github.com/understudy-go/understudy/api"
	"github.com/understudy-go/understudy/api/checks"
)

// answer is the catalog's answer about an item.
type answer struct {
	Status int    `json:"-"` // the catalog's HTTP status, below 500
	Item   string `json:"item"`
	Cents  int    `json:"cents"`
	Stale  bool   `json:"stale"` // an earlier answer, because the catalog does not answer now
}

// catalog asks the catalog for prices and keeps the last answer for each item.
type catalog struct {
	base   string
	client *http.Client
	last   sync.Map // item → answer

	// price asks for the price of an item. It is the guarded form of fetch.
	price func(ctx context.Context, item string) (answer, error)
}

// newCatalog guards the calls to the catalog at base: each may take two
// seconds, its three attempts included.
func newCatalog(sys *understudy.System, client *http.Client, base string) (*catalog, error) {
	breaker, err := sys.Breaker("catalog", understudy.BreakerConfig{
		ResetTimeout: 10 * time.Second,
		Probe:        "catalog", // the check below, not a request, tests whether the catalog has recovered
	})
	if err != nil {
		return nil, err
	}
	retry, err := sys.Retry("catalog", understudy.RetryConfig{
		InitialDelay: 50 * time.Millisecond,
		Budget:       &understudy.RetryBudget{Ratio: 0.1, MinPerSecond: 1}, // an outage must not double the load
	})
	if err != nil {
		return nil, err
	}
	// http.Client honours its ctx, so the timeout needs no goroutine.
	limit := understudy.TimeoutConfig{Limit: 2 * time.Second, Operation: "catalog", Cooperative: true}

	c := &catalog{base: base, client: client}
	c.price = understudy.Wrap1(understudy.Compose(limit, retry, breaker), c.fetch, c.lastKnown)

	// Optional: without the catalog this service is degraded, and still useful.
	err = sys.Health().Register("catalog", understudy.CheckConfig{Timeout: time.Second, Optional: true},
		checks.HTTP(base+"/healthz", checks.Expect{Client: client}))
	return c, err
}

// fetch makes one request. It reads the whole body, because the guard counts
// the call, and ends its ctx, when fetch returns.
func (c *catalog) fetch(ctx context.Context, item string) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/prices/"+url.PathEscape(item), nil)
	if err != nil {
		return answer{}, understudy.Ignore(understudy.Permanent(err)) // nothing was sent
	}
	response, err := c.client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err != nil {
		return answer{}, err
	}
	a := answer{Status: response.StatusCode, Item: item}
	switch {
	case response.StatusCode >= 500, response.StatusCode == http.StatusTooManyRequests:
		return answer{}, failure(response)
	case response.StatusCode != http.StatusOK:
		return a, nil // "no such item" is an answer: the catalog works
	}
	var price struct{ Cents int }
	if err := json.Unmarshal(body, &price); err != nil {
		return answer{}, fmt.Errorf("catalog: %w", err)
	}
	a.Cents = price.Cents
	c.last.Store(item, a)
	return a, nil
}

// failure returns the error for a response that is a failure. It carries the
// Retry-After of the response, if that is in seconds.
func failure(response *http.Response) error {
	err := fmt.Errorf("catalog answered %d", response.StatusCode)
	seconds, syntax := strconv.Atoi(response.Header.Get("Retry-After"))
	if syntax != nil || seconds <= 0 {
		return err
	}
	return understudy.RetryAfter(err, time.Duration(seconds)*time.Second)
}

var errUnknownPrice = errors.New("no earlier price is known")

// lastKnown is the fallback: the price that the catalog answered last.
func (c *catalog) lastKnown(_ context.Context, item string) (answer, error) {
	last, ok := c.last.Load(item)
	if !ok {
		return answer{}, errUnknownPrice
	}
	a := last.(answer)
	a.Stale = true
	return a, nil
}
