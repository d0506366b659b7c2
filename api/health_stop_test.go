package api

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Systems with the same Seed restart a check after the same pause, so that
// Deregister can be called at the moment at which the restart is due.
//
// Promise (Health): Deregister stops a check for good, at the moment of its restart, too; it keeps no slot of ChecksAtOnce.
func TestHealthDeregisterAtTheMomentOfTheRestart(t *testing.T) {
	var pause time.Duration
	inSystem := func(test func(t *testing.T, s *System)) {
		synctest.Test(t, func(t *testing.T) {
			s, err := Start(SystemConfig{Logger: slog.New(slog.DiscardHandler), Seed: 1, ChecksAtOnce: 1})
			require.NoError(t, err)
			require.NoError(t, s.Health().Register("db", CheckConfig{}, func(context.Context) (Details, error) { panic("no route") }))
			test(t, s)
			require.NoError(t, s.Shutdown(context.Background()))
		})
	}
	inSystem(func(t *testing.T, s *System) {
		began := time.Now()
		restarted := make(chan CheckRestarted, 1)
		cancel := s.Subscribe(func(e Event) {
			if e, ok := e.(CheckRestarted); ok {
				restarted <- e
			}
		})
		pause = (<-restarted).At.Sub(began)
		cancel()
	})
	for range 100 {
		inSystem(func(t *testing.T, s *System) {
			time.Sleep(pause)
			require.NoError(t, s.Health().Deregister("db"))
			synctest.Wait()
			require.NoError(t, s.Health().Register("other", CheckConfig{Interval: OnDemand}, fine))
			synctest.Wait()
			require.Equal(t, Healthy, s.Health().Status())
		})
	}
}
