package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"time"

	"github.com/understudy-go/understudy/api"
)

// Product is an article of the shop.
type Product struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Cents int    `json:"cents,omitempty"` // 0: price on request
	Stale bool   `json:"stale,omitempty"` // not from the live catalog
}

// Reviews is what customers say about a product.
type Reviews struct {
	Stars float64  `json:"stars"`
	Texts []string `json:"texts"`
	Stale bool     `json:"stale,omitempty"` // not from the live reviews
}

// Receipt is the result of a payment.
type Receipt struct {
	Order string `json:"order"`
	Paid  bool   `json:"paid"` // false: accepted, to be charged later
}

// Page is what a visitor of a product sees.
type Page struct {
	Product Product `json:"product"`
	Reviews Reviews `json:"reviews"`
}

// stock returns the answer of a service to a request for a path.
func stock(service, p string) any {
	id := path.Base(p)
	switch {
	case id == "health":
		return map[string]string{"service": service}
	case service == "payments":
		return Receipt{Order: id, Paid: true}
	case service == "catalog":
		return Product{ID: id, Name: "Product " + id, Cents: 100 + int(hash(id)%9900)}
	}
	return Reviews{Stars: 4.5, Texts: []string{"Does what it promises.", "Would buy again."}}
}

// errRefused marks an answer that is the caller's mistake: a 4xx.
var errRefused = errors.New("refused")

// fetch sends a request and decodes the answer. Its errors are made for a guard: a
// 4xx is errRefused and Permanent, and a Retry-After is kept.
func fetch[T any](ctx context.Context, client *http.Client, who, method, address string) (T, error) {
	var answer T
	req, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return answer, err
	}
	req.Header.Set("User-Agent", who)
	resp, err := client.Do(req)
	if err != nil {
		return answer, plain(err)
	}
	defer resp.Body.Close()
	if err := refusal(resp); err != nil {
		io.Copy(io.Discard, resp.Body) // so that the connection can be used again
		return answer, err
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return answer, plain(err)
	}
	return answer, nil
}

// refusal returns the error for the status of a response, nil for 2xx.
func refusal(resp *http.Response) error {
	switch code := resp.StatusCode; {
	case code < 300:
		return nil
	case code < 500 && code != http.StatusTooManyRequests:
		return api.Permanent(fmt.Errorf("%w: %s", errRefused, resp.Status))
	}
	err := fmt.Errorf("answered %s", resp.Status)
	if seconds, bad := strconv.Atoi(resp.Header.Get("Retry-After")); bad == nil {
		return api.RetryAfter(err, time.Duration(seconds)*time.Second)
	}
	return err
}

// plain returns a network error without its addresses, for shorter lines.
func plain(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		err = e.Err
	}
	return err
}

// newClient returns a plain http.Client with a connection pool that is large
// enough for the load.
func newClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	transport.MaxIdleConnsPerHost = 64
	return &http.Client{Transport: transport}
}

// degraded is the header that marks an answer in which a fallback had a part.
const degraded = "X-Degraded"

// writeJSON answers a request.
func writeJSON(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(v)
}
