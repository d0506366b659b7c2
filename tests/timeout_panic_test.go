package tests

import (
	"context"
	"errors"
	"log"
	"os"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Timeout): A panic before the limit reaches the caller. A panic after the limit is recovered and logged.
func TestAPanicBeforeTheLimitReachesTheCaller(t *testing.T) {
	logged(t, func(t *testing.T, s *api.System, log *logbook) {
		value := errors.New("kaboom")
		p := api.Compose(api.Timeout(time.Second), breaker(t, s, api.BreakerConfig{}))
		require.PanicsWithValue(t, value, func() {
			api.Run(context.Background(), p, func(context.Context) error { return explodeHere(value) })
		})
		log.find(t, "ERROR", "explodeHere") // its stack
	})
}

func explodeHere(value any) error { panic(value) }

// Promise (Timeout): A panic before the limit reaches the caller. A panic after the limit is recovered and logged.
func TestAPanicAfterTheLimitIsRecoveredAndLogged(t *testing.T) {
	logged(t, func(t *testing.T, s *api.System, log *logbook) {
		p := api.Compose(api.Timeout(time.Second), breaker(t, s, api.BreakerConfig{}))
		requireTimeout(t, api.Run(context.Background(), p, func(context.Context) error {
			time.Sleep(time.Minute)
			return explodeHere("kaboom")
		}))
		time.Sleep(time.Hour)
		log.find(t, "ERROR", "kaboom")
	})
}

// Promise (Timeout): A panic before the limit reaches the caller. A panic after the limit is recovered and logged.
func TestAPanicAfterTheLimitIsHarmlessWithoutASystem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		book := &logbook{}
		log.SetOutput(book) // where slog's default logger writes
		defer log.SetOutput(os.Stderr)
		requireTimeout(t, api.Run(context.Background(), api.Timeout(time.Second), func(context.Context) error {
			time.Sleep(time.Minute)
			panic("kaboom")
		}))
		time.Sleep(time.Hour)
		require.Contains(t, book.text(), "kaboom")
	})
}

// Promise (Timeout): runtime.Goexit under a timeout is a failure.
func TestGoexitReadsAsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		err := api.Run(context.Background(), api.Timeout(time.Second), func(context.Context) error {
			runtime.Goexit()
			return nil
		})
		require.Error(t, err)
		require.Zero(t, time.Since(begin))
		require.NotErrorIs(t, err, api.ErrTimeout)
	})
}
