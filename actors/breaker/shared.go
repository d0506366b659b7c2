package breaker

import (
	"context"
	"reflect"
	"sync/atomic"
	"time"

	"github.com/understudy-go/understudy/actors/internal/ask"
	"github.com/understudy-go/understudy/actors/internal/owner"
	"github.com/understudy-go/understudy/messages"
)

// Shared is what the breakers of one system share: the runtime of their owners, and
// the pools of questions to them.
type Shared struct {
	Host owner.Host
	born time.Time              // the start of clock
	last atomic.Pointer[Config] // the settings of the last breaker that was made
	// Probe runs the health check of that name, which is the Config.Probe of a breaker. It returns the status of that
	// run and its message; Unknown if there is no such check. It must return soon after ctx ends. If it is nil, there
	// are no health checks.
	Probe func(ctx context.Context, check string) (messages.Status, string)
	// OnCall receives the end of each call, in the goroutine that reports it. It must not panic. nil: nobody wants it.
	OnCall func(ctx context.Context, end messages.CallEnd)

	calls      ask.Pool[messages.Call, messages.Permit]
	results    ask.Pool[messages.Result, bool]
	stats      ask.Pool[struct{}, messages.BreakerStats]
	controls   ask.Pool[messages.Control, struct{}]
	configures ask.Pool[*Config, struct{}]
}

// NewShared returns what the breakers of the system of host share.
func NewShared(host owner.Host) *Shared { return &Shared{Host: host, born: time.Now()} }

// clock returns the time since born; never 0. It reads one clock, time.Now two.
func (s *Shared) clock() time.Duration { return time.Since(s.born) + 1 }

// settings returns cfg on the heap. Breakers that are made with the same settings,
// one after the other, share them.
func (s *Shared) settings(cfg Config) *Config {
	if last := s.last.Load(); last != nil && len(cfg.Expected) == 0 && len(cfg.Excluded) == 0 && cfg.Classify == nil && reflect.DeepEqual(*last, cfg) {
		return last
	}
	s.last.Store(&cfg)
	return &cfg
}
