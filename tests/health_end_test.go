package tests

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// panicsAtTheEnd is a check that panics when its ctx ends.
func panicsAtTheEnd(ctx context.Context) (api.Details, error) {
	<-ctx.Done()
	panic("no route")
}

// Promise (System, events, logs and errors): A panic of a check is logged with its stack, after Deregister and Shutdown, too.
func TestAPanicOfACheckThatHasEndedIsLogged(t *testing.T) {
	for what, end := range map[string]func(*api.System) error{
		"Deregister": func(s *api.System) error { return s.Health().Deregister("db") },
		"Shutdown":   func(s *api.System) error { return s.Shutdown(context.Background()) },
	} {
		logged(t, func(t *testing.T, s *api.System, log *logbook) {
			register(t, s, "db", api.CheckConfig{}, panicsAtTheEnd)
			synctest.Wait()
			require.NoError(t, end(s), what)
			line := log.find(t, "ERROR", "Health check 'db' panicked after its end")
			require.Equal(t, "no route", line["panic"])
			require.Equal(t, "db", line["check"])
			require.Contains(t, line["stack"], "tests.panicsAtTheEnd")
		})
	}
}
