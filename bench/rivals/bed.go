package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/understudy-go/understudy/api"
)

// Never is a failure threshold that no benchmark reaches.
const Never = math.MaxInt32

// errSick is what every failing function fails with.
var errSick = errors.New("dependency is sick")

// sink takes what the works computed, so that no work can be optimised away.
var sink atomic.Int64

// Bed is what the contenders run in.
type Bed struct {
	System  *api.System
	Actors  *actor.ActorSystem // a bare one, for what an actor costs without us
	Context context.Context    // one that can be cancelled, as a request's can
	cancel  context.CancelFunc
	names   int
}

// NewBed starts a quiet system of ours and a bare actor system.
func NewBed() (*Bed, error) {
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	sys, err := api.Start(api.SystemConfig{Logger: quiet})
	if err != nil {
		return nil, err
	}
	actors := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return quiet }))
	ctx, cancel := context.WithCancel(context.Background())
	return &Bed{System: sys, Actors: actors, Context: ctx, cancel: cancel}, nil
}

// Close stops both systems.
func (b *Bed) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	b.cancel()
	b.Actors.Shutdown()
	return b.System.Shutdown(ctx)
}

// Name returns a name that was not used before.
func (b *Bed) Name() string {
	b.names++
	return fmt.Sprintf("bench-%d", b.names)
}

// Breaker makes a breaker of ours under a new name.
func (b *Bed) Breaker(cfg api.BreakerConfig) *api.Breaker {
	return must(b.System.Breaker(b.Name(), cfg))
}

// Retry makes a retry of ours under a new name.
func (b *Bed) Retry() *api.Retry {
	return must(b.System.Retry(b.Name(), api.RetryConfig{}))
}

// must is for set-up that cannot fail unless the benchmark itself is wrong.
func must[T any](v T, err error) T {
	check(err)
	return v
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// expect stops a benchmark that measures something else than it says.
func expect(err, want error) {
	if !errors.Is(err, want) {
		panic(fmt.Sprintf("benchmark expected %q, got %v", want, err))
	}
}
