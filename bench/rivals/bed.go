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

// sink receives the results of works, so that no work is optimised away.
var sink atomic.Int64

// Bed is what the contenders need.
type Bed struct {
	System  *api.System
	Actors  *actor.ActorSystem // without understudy, to measure an actor by itself
	Context context.Context    // it can be cancelled, like that of a request
	cancel  context.CancelFunc
	names   int
}

// NewBed starts a System that logs nothing, and an actor system.
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

// Name returns a new name.
func (b *Bed) Name() string {
	b.names++
	return fmt.Sprintf("bench-%d", b.names)
}

// Breaker makes an understudy breaker with a new name.
func (b *Bed) Breaker(cfg api.BreakerConfig) *api.Breaker {
	return must(b.System.Breaker(b.Name(), cfg))
}

// Retry makes an understudy retry with a new name.
func (b *Bed) Retry() *api.Retry {
	return must(b.System.Retry(b.Name(), api.RetryConfig{}))
}

// must panics on an error in the set-up of a benchmark.
func must[T any](v T, err error) T {
	check(err)
	return v
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// expect panics unless err is want: the benchmark would measure something else.
func expect(err, want error) {
	if !errors.Is(err, want) {
		panic(fmt.Sprintf("benchmark expected %q, got %v", want, err))
	}
}
