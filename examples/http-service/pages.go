package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	understudy "github.com/understudy-go/understudy/api"
)

// newPages returns what the service serves:
//
//	/price/{item}                          the price of an item
//	/livez /readyz /startupz /health       the health of the service
func newPages(sys *understudy.System, client *http.Client, base string) (http.Handler, error) {
	c, err := newCatalog(sys, client, base)
	if err != nil {
		return nil, err
	}
	if err := sys.ShowBreakers(understudy.ShowBreakersConfig{}); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /price/{item}", c.servePrice)
	mux.Handle("/", sys.Health().Handler()) // which answers 404 to all other paths
	return mux, nil
}

func (c *catalog) servePrice(w http.ResponseWriter, r *http.Request) {
	a, err := c.price(r.Context(), r.PathValue("item"))
	switch {
	case err != nil:
		var open *understudy.CircuitOpenError
		if errors.As(err, &open) {
			w.Header().Set("Retry-After", strconv.Itoa(int(open.RetryAfter()/time.Second)+1))
		}
		http.Error(w, "the catalog does not answer", http.StatusServiceUnavailable)
	case a.Status != http.StatusOK:
		http.Error(w, http.StatusText(a.Status), a.Status)
	default:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(a) // an error here means that the client has left
	}
}
