package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/understudy-go/understudy/api"
	"github.com/understudy-go/understudy/api/checks"
)

// protected is the storefront's name in its requests to the services.
const protected = "protected"

// Storefront is a shop that uses three services and works without them. Each
// function in it is a guarded call.
type Storefront struct {
	client  *http.Client
	shelf   *Shelf
	urls    map[string]string
	product func(ctx context.Context, id string) (Product, error)
	reviews func(ctx context.Context, id string) (Reviews, error)
	charge  func(ctx context.Context, order string) (Receipt, error)
	health  http.Handler
}

// NewStorefront guards the calls to the services at urls with the breakers,
// retries and health checks of sys. The shelf keeps the last answers of the
// catalog.
func NewStorefront(sys *api.System, urls map[string]string, client *http.Client, shelf *Shelf, pace Pace) (*Storefront, error) {
	s := &Storefront{client: client, shelf: shelf, urls: urls, health: sys.Health().Handler()}

	catalog, err := guard(sys, "catalog", pace, "")
	if err != nil {
		return nil, err
	}
	reviews, err := guard(sys, "reviews", pace, "")
	if err != nil {
		return nil, err
	}
	// No order is used as a trial: a health check decides when payments has
	// recovered.
	payments, err := guard(sys, "payments", pace, "payments")
	if err != nil {
		return nil, err
	}
	s.product = api.Wrap1(catalog, s.liveProduct, shelf.Product, defaultProduct)
	s.reviews = api.Wrap1(reviews, s.liveReviews, noReviews)
	s.charge = api.Wrap1(payments, s.chargeNow, chargeLater)

	if err := s.registerChecks(sys.Health(), pace); err != nil {
		return nil, err
	}
	return s, sys.ShowBreakers(api.ShowBreakersConfig{}) // at /health, and /health/circuits
}

// Pace holds the durations that depend on the length of the demo. A real service
// has constants instead.
type Pace struct {
	ResetTimeout time.Duration // how long a circuit stays open before trials
	CheckEvery   time.Duration // the period of the health checks
}

// guard returns the policy for the calls to a service: a second in all, up to
// three attempts, each with its own limit and counted by the breaker. After the
// reset timeout the runs of the probe, a health check, decide whether the circuit
// closes; without a probe, a few calls of visitors do.
func guard(sys *api.System, name string, pace Pace, probe string) (api.Policy, error) {
	breaker, err := sys.Breaker(name, api.BreakerConfig{
		FailureThreshold: 5,
		ResetTimeout:     pace.ResetTimeout,
		Probe:            probe,
		Window:           api.CountWindow(20),
		MinimumCalls:     10,
		SlowCall:         150 * time.Millisecond,
		SlowCallRate:     0.5,
		Excluded:         []error{errRefused}, // a 4xx is our mistake, not the service's
	})
	if err != nil {
		return nil, err
	}
	retry, err := sys.Retry(name, api.RetryConfig{
		MaxAttempts:  3,
		InitialDelay: 50 * time.Millisecond,
		Budget:       &api.RetryBudget{Ratio: 0.2, MinPerSecond: 5}, // no retry storms
	})
	if err != nil {
		return nil, err
	}
	// An HTTP request honours its ctx, so neither timeout needs a goroutine.
	whole := api.TimeoutConfig{Operation: name, Limit: time.Second, Cooperative: true}
	attempt := api.TimeoutConfig{Operation: name + " attempt", Limit: 500 * time.Millisecond, Cooperative: true}
	return api.Compose(whole, retry, breaker, attempt), nil
}

// liveProduct asks the catalog and remembers the answer.
func (s *Storefront) liveProduct(ctx context.Context, id string) (Product, error) {
	p, err := fetch[Product](ctx, s.client, protected, "GET", s.urls["catalog"]+"/product/"+id)
	if err != nil {
		return Product{}, err
	}
	s.shelf.Keep(p)
	return p, nil
}

// defaultProduct replaces a product that neither the catalog nor the shelf has.
func defaultProduct(_ context.Context, id string) (Product, error) {
	return Product{ID: id, Name: "Product " + id + " (price on request)", Stale: true}, nil
}

func (s *Storefront) liveReviews(ctx context.Context, id string) (Reviews, error) {
	return fetch[Reviews](ctx, s.client, protected, "GET", s.urls["reviews"]+"/reviews/"+id)
}

// noReviews leaves the reviews out: a page without them is better than no page.
func noReviews(context.Context, string) (Reviews, error) {
	return Reviews{Texts: []string{}, Stale: true}, nil
}

// chargeNow may be retried: payments charges an order only once.
func (s *Storefront) chargeNow(ctx context.Context, order string) (Receipt, error) {
	return fetch[Receipt](ctx, s.client, protected, "POST", s.urls["payments"]+"/charge/"+order)
}

// chargeLater accepts the order; it is charged when payments is back.
func chargeLater(_ context.Context, order string) (Receipt, error) {
	return Receipt{Order: order, Paid: false}, nil
}

// registerChecks registers the checks of the storefront, in three groups:
//
//	ready     may visitors be sent here? The storefront works without the
//	          services, so their checks are optional, but not without its store
//	live      must this process be restarted? Only for what a restart repairs
//	services  the three services alone: /health/services
//
// Browsing needs two services. While one of them is down, the check "browsing" is
// blocked. It changes only after two failures, so that the services' own checks
// change first.
func (s *Storefront) registerChecks(health *api.Health, pace Pace) error {
	type check struct {
		name  string
		cfg   api.CheckConfig
		check api.Check
	}
	all := []check{
		{"store", api.CheckConfig{}, api.Ping(s.shelf.Ping)},
		{"goroutines", api.CheckConfig{Groups: []string{"live"}}, checks.Goroutines(10_000)},
	}
	for _, name := range slices.Sorted(maps.Keys(s.urls)) {
		all = append(all, check{name, api.CheckConfig{Optional: true, Groups: []string{"ready", "services"}}, s.reach(s.urls[name] + "/health")})
	}
	all = append(all, check{"browsing", api.CheckConfig{Optional: true, UnhealthyAfter: 2, DependsOn: []string{"catalog", "reviews"}}, api.Ping(s.browse)})
	for _, c := range all {
		c.cfg.Interval, c.cfg.Timeout = pace.CheckEvery, 500*time.Millisecond
		if err := health.Register(c.name, c.cfg, c.check); err != nil {
			return err
		}
	}
	return nil
}

// browse fetches a product as a visitor does, without fallbacks.
func (s *Storefront) browse(ctx context.Context) error {
	if _, err := s.liveProduct(ctx, "0"); err != nil {
		return err
	}
	_, err := s.liveReviews(ctx, "0")
	return err
}

// reach returns a check that a service answers, and fast enough.
func (s *Storefront) reach(url string) api.Check {
	return func(ctx context.Context) (api.Details, error) {
		began := time.Now()
		if _, err := fetch[map[string]string](ctx, s.client, protected, "GET", url); err != nil {
			return nil, err
		}
		if took := time.Since(began).Round(time.Millisecond); took > 150*time.Millisecond {
			return nil, api.Degrade(fmt.Sprintf("slow, took %v", took))
		}
		return nil, nil
	}
}

// Handler serves the shop and its health.
func (s *Storefront) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /product/{id}", s.serveProduct)
	mux.HandleFunc("POST /checkout/{id}", s.serveCheckout)
	for _, path := range []string{"/health", "/health/", "/livez", "/readyz", "/readyz/", "/startupz"} {
		mux.Handle(path, s.health)
	}
	return mux
}

func (s *Storefront) serveProduct(w http.ResponseWriter, r *http.Request) {
	product, err := s.product(r.Context(), r.PathValue("id"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	reviews, err := s.reviews(r.Context(), r.PathValue("id"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	if product.Stale || reviews.Stale {
		w.Header().Set(degraded, "true")
	}
	writeJSON(w, http.StatusOK, Page{product, reviews})
}

func (s *Storefront) serveCheckout(w http.ResponseWriter, r *http.Request) {
	receipt, err := s.charge(r.Context(), r.PathValue("id"))
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadGateway)
	case receipt.Paid:
		writeJSON(w, http.StatusOK, receipt)
	default:
		w.Header().Set(degraded, "true")
		writeJSON(w, http.StatusAccepted, receipt)
	}
}
