package breaker

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/understudy-go/understudy/actors/internal/ownertest"
	"github.com/understudy-go/understudy/messages"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// host is a runtime that can poison the owner of a breaker: its next step crashes
// half-way.
type host struct {
	*ownertest.Host
	poison atomic.Bool
	victim *Handle // the breaker of that owner
}

func newHost() *host {
	h := &host{Host: ownertest.New()}
	h.Before = func(any) (after func()) {
		if !h.poison.CompareAndSwap(true, false) {
			return func() {}
		}
		bench := &h.victim.owner.Load().bench
		m := bench.Machine
		bench.Machine = nil // a step needs it
		return func() { bench.Machine = m }
	}
	return h
}

func (h *host) changes() []messages.BreakerChanged {
	return ownertest.Events[messages.BreakerChanged](h.Host)
}

func (h *host) unanswered() []messages.ProbeUnanswered {
	return ownertest.Events[messages.ProbeUnanswered](h.Host)
}

// noon is when every table begins.
var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// at reads "1s" as one second past noon.
func at(t testing.TB, past string) time.Time {
	t.Helper()
	d, err := time.ParseDuration(past)
	if err != nil {
		t.Fatalf("not a time: %q", past)
	}
	return noon.Add(d)
}

func newTestMachine(t testing.TB, cfg Config) *machine {
	t.Helper()
	cfg, err := cfg.Normalize("api")
	require.NoError(t, err)
	m := newMachine(&cfg)
	return &m
}
