package tests

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Timeout): A panic with http.ErrAbortHandler reaches the caller and is not logged; if the caller has left, breakers ignore it.
func TestAnAbortedHandlerIsNotLogged(t *testing.T) {
	logged(t, func(t *testing.T, s *api.System, log *logbook) {
		b := breaker(t, s, api.BreakerConfig{})
		for _, p := range []api.Policy{b, api.Compose(api.Timeout(time.Second), b)} {
			ctx, leave := context.WithCancel(context.Background())
			require.PanicsWithValue(t, http.ErrAbortHandler, func() {
				_ = api.Run(context.Background(), p, func(context.Context) error { panic(http.ErrAbortHandler) })
			})
			if p == api.Policy(b) {
				require.PanicsWithValue(t, http.ErrAbortHandler, func() {
					_ = api.Run(ctx, p, func(context.Context) error { leave(); panic(http.ErrAbortHandler) })
				})
			}
			leave()
		}
		require.Empty(t, log.sentences(t))
		st := stats(t, b)
		require.EqualValues(t, 2, st.Failures)
		require.EqualValues(t, 1, st.Ignored, "its caller had left")
	})
}

// Promise (Timeout): A panic of the function is logged with its stack, within the limits of a line.
func TestALongPanicUnderATimeoutMakesNoLongLine(t *testing.T) {
	logged(t, func(t *testing.T, s *api.System, log *logbook) {
		p := api.Compose(api.Timeout(time.Second), breaker(t, s, api.BreakerConfig{}))
		require.Panics(t, func() {
			_ = api.Run(context.Background(), p, func(context.Context) error { panic(strings.Repeat("x", 1<<20)) })
		})
		line := log.find(t, "ERROR", "A call panicked under its timeout")
		require.LessOrEqual(t, len(line["panic"].(string)), 4<<10)
		require.Contains(t, line["stack"], "TestALongPanicUnderATimeoutMakesNoLongLine")
	})
}
