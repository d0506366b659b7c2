package tests

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// named makes a breaker that one failure opens.
func named(t *testing.T, s *api.System, name string) *api.Breaker {
	t.Helper()
	b, err := s.Breaker(name, api.BreakerConfig{FailureThreshold: 1, HalfOpenMaxCalls: 1})
	require.NoError(t, err)
	return b
}

// shown calls ShowBreakers. It returns a function that returns a line for each
// check in a Snapshot of some groups.
func shown(t *testing.T, s *api.System, cfg api.ShowBreakersConfig) func(groups ...string) []string {
	t.Helper()
	require.NoError(t, s.ShowBreakers(cfg))
	return func(groups ...string) (lines []string) {
		synctest.Wait()
		for _, c := range s.Health().Snapshot(groups...).Checks {
			line := c.Name + " " + c.Status.String()
			if c.Message != "" {
				line += ", " + c.Message
			}
			lines = append(lines, line)
		}
		return lines
	}
}

// Promise (Health): ShowBreakers adds a check for each breaker, later ones too, in every format and in its group, and keeps its history.
func TestEachBreakerIsShownAsACheck(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		early := named(t, s, "early")
		forced := named(t, s, "forced")
		require.NoError(t, forced.ForceOpen())
		rows := shown(t, s, api.ShowBreakersConfig{})
		require.Equal(t, []string{"circuit:early HEALTHY", "circuit:forced DEGRADED, OPEN: forced open"}, rows())

		late := named(t, s, "late")
		require.Equal(t, []string{"circuit:early HEALTHY", "circuit:forced DEGRADED, OPEN: forced open", "circuit:late HEALTHY"}, rows())
		play(t, late, "f OPEN")
		require.NoError(t, forced.Reset())
		require.NoError(t, early.Disable())
		require.Equal(t, []string{"circuit:early HEALTHY, disabled", "circuit:forced HEALTHY", "circuit:late DEGRADED, OPEN: 1 failure"}, rows())
		require.Equal(t, api.Details{"state": "OPEN"}, last(t, s, "circuit:late").Details)
		require.Equal(t, api.Degraded, s.Health().Status())

		time.Sleep(time.Minute)
		require.Equal(t, "circuit:late DEGRADED, HALF_OPEN: reset timeout is over", rows()[2])
		play(t, late, "s CLOSED")
		require.Equal(t, "circuit:late HEALTHY", rows()[2])
		require.Equal(t, api.Healthy, s.Health().Status())
		require.Equal(t, api.Healthy, s.Health().RunAll(t.Context()).Status)
		require.Equal(t, "circuit:late", s.Health().Run(t.Context(), "circuit:late").Name)

		history := last(t, s, "circuit:late").Changes
		require.Len(t, history, 3)
		require.Equal(t, time.Minute, history[2].Lasted)
	})
}

// Promise (Health): ShowBreakers adds a check for each breaker, later ones too, in every format and in its group, and keeps its history.
func TestShownBreakersAreInAllFormatsAndTheirGroup(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		require.NoError(t, s.ShowBreakers(api.ShowBreakersConfig{}))
		h := s.Health().Handler()
		require.Equal(t, 200, visit(h, http.MethodGet, "/health/circuits").Code, "there is none yet")
		play(t, named(t, s, "payments"), "f")
		synctest.Wait()
		body := visit(h, http.MethodGet, "/health/circuits?verbose").Body.String()
		require.Contains(t, body, `"name":"circuit:payments","status":"degraded","message":"reason withheld"`)
		require.Contains(t, visit(h, http.MethodGet, "/health").Body.String(), `"circuit:payments"`)
		for path, code := range map[string]int{
			"/health": 200, "/health/circuits": 200, "/readyz": 200, "/livez": 200, "/startupz": 200,
			"/readyz/circuit:payments": 404, "/health?exclude=circuit:payments": 200,
		} {
			require.Equal(t, code, visit(h, http.MethodGet, path).Code, path)
		}
		require.NotContains(t, visit(h, http.MethodGet, "/readyz?verbose").Body.String(), "circuit")
		require.Empty(t, visit(h, http.MethodGet, "/health?exclude=circuit:payments").Header().Get("Warning"))

		r := httptest.NewRequest(http.MethodGet, "/health", nil)
		r.Header.Set("Accept", "text/plain;version=0.0.4")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Contains(t, w.Body.String(), `understudy_check_status{check="circuit:payments",status="degraded"} 1`)
	})
}

// Promise (Health): An open circuit degrades the status and takes no endpoint down, except with Strict.
func TestAnOpenCircuitTakesNothingDownUnlessAsked(t *testing.T) {
	for _, row := range []struct {
		cfg          api.ShowBreakersConfig
		status       api.Status
		ready, whole int
	}{
		{api.ShowBreakersConfig{}, api.Degraded, 200, 200},
		{api.ShowBreakersConfig{Groups: []string{"ready"}}, api.Degraded, 200, 200},
		{api.ShowBreakersConfig{Groups: []string{}}, api.Degraded, 200, 200},
		{api.ShowBreakersConfig{Strict: true}, api.Unhealthy, 200, 503},
		{api.ShowBreakersConfig{Strict: true, Groups: []string{"ready", "x"}}, api.Unhealthy, 503, 503},
	} {
		bubble(t, func(t *testing.T, s *api.System) {
			require.NoError(t, s.ShowBreakers(row.cfg))
			b := named(t, s, "payments")
			play(t, b, "f")
			synctest.Wait()
			require.Equal(t, row.status, s.Health().Status())
			require.Equal(t, row.ready, visit(s.Health().Handler(), http.MethodGet, "/readyz").Code)
			require.Equal(t, row.whole, visit(s.Health().Handler(), http.MethodGet, "/health").Code)
			play(t, b, "60s s CLOSED")
			synctest.Wait()
			require.Equal(t, 200, visit(s.Health().Handler(), http.MethodGet, "/health").Code)
		})
	}
}

// Promise (Health): ShowBreakersConfig.Most limits how many breakers are shown; those that are not CLOSED come first.
func TestOnlySoManyBreakersAreShown(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		rows := shown(t, s, api.ShowBreakersConfig{Most: 3})
		var all []*api.Breaker
		for i := range 9 {
			all = append(all, named(t, s, fmt.Sprint(i)))
		}
		require.Equal(t, []string{"circuit:0 HEALTHY", "circuit:1 HEALTHY", "circuit:2 HEALTHY"}, rows())
		play(t, all[1], "f")
		for _, b := range all[7:] { // they replace closed ones
			play(t, b, "f")
		}
		require.Equal(t, []string{"circuit:1 DEGRADED, OPEN: 1 failure", "circuit:7 DEGRADED, OPEN: 1 failure", "circuit:8 DEGRADED, OPEN: 1 failure"}, rows())
		play(t, all[3], "f") // there is no room
		require.Len(t, rows("circuits"), 3)
		require.NotContains(t, rows(), "circuit:3 DEGRADED, OPEN: 1 failure")
		require.NoError(t, all[7].Reset())
		synctest.Wait()
		require.NoError(t, all[3].ForceOpen())
		require.Equal(t, []string{"circuit:1 DEGRADED, OPEN: 1 failure", "circuit:3 DEGRADED, OPEN: forced open", "circuit:8 DEGRADED, OPEN: 1 failure"}, rows())
	})
}

// Promise (Health): Checks of breakers are right after many changes, and after lost events.
func TestShownBreakersAreRightAfterAStorm(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		rows := shown(t, s, api.ShowBreakersConfig{})
		var all []*api.Breaker
		for i := range 8 {
			all = append(all, named(t, s, fmt.Sprint(i)))
		}
		var storm sync.WaitGroup
		for i, b := range all {
			storm.Go(func() {
				for range 200 {
					_ = b.ForceOpen()
					_ = b.Reset()
				}
				if i%2 == 0 {
					_ = b.ForceOpen()
				}
			})
		}
		storm.Wait()
		var want []string
		for i := range all {
			want = append(want, fmt.Sprintf("circuit:%d %v", i, map[bool]string{true: "DEGRADED, OPEN: forced open", false: "HEALTHY"}[i%2 == 0]))
		}
		require.Equal(t, want, rows())
	})
}

// Promise (Health): ShowBreakers adds a check for each breaker, later ones too, in every format and in its group, and keeps its history.
func TestBreakersMadeMeanwhileAreShown(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				for n := range 25 {
					b, err := s.Breaker(fmt.Sprint(i, " ", n), api.BreakerConfig{})
					if err == nil && n%2 == 0 {
						err = b.ForceOpen()
					}
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		rows := shown(t, s, api.ShowBreakersConfig{})
		all.Wait()
		require.Len(t, rows("circuits"), 200)
		for _, b := range s.Breakers() {
			want := map[api.State]api.Status{api.Closed: api.Healthy, api.Open: api.Degraded}[b.State()]
			require.Equal(t, want, last(t, s, "circuit:"+b.Name()).Status)
		}
	})
}

// Promise (Health): ShowBreakers adds a check for each breaker, later ones too, in every format and in its group, and keeps its history.
func TestACircuitThatFlapsIsShownSo(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		rows := shown(t, s, api.ShowBreakersConfig{})
		b := named(t, s, "payments")
		for range 3 {
			require.False(t, last(t, s, "circuit:payments").Flapping)
			play(t, b, "f")
			rows()
			play(t, b, "60s s CLOSED")
			rows()
		}
		require.True(t, last(t, s, "circuit:payments").Flapping)
	})
}

// Promise (Health): Checks of breakers cannot be registered or deregistered by name. A check that has such a name already keeps it.
func TestAShownBreakerIsNoCheckOfOnesOwn(t *testing.T) {
	logged(t, func(t *testing.T, s *api.System, log *logbook) {
		register(t, s, "circuit:mine", onDemand, api.Ping(succeed))
		rows := shown(t, s, api.ShowBreakersConfig{})
		play(t, named(t, s, "payments"), "f")
		named(t, s, "mine")
		require.Equal(t, []string{"circuit-2:mine HEALTHY", "circuit:mine HEALTHY", "circuit:payments DEGRADED, OPEN: 1 failure"}, rows())
		require.Equal(t, "mine", log.find(t, "WARN", "there is a check of its name")["breaker"])

		h := s.Health()
		for _, row := range []struct {
			err     error
			field   string
			problem string
		}{
			{h.Register("circuit:payments", onDemand, api.Ping(succeed)), "Name", "is taken"},
			{h.Deregister("circuit:payments"), "Name", "shows a circuit breaker"},
			{h.Register("checkout", api.CheckConfig{DependsOn: []string{"circuit:payments"}}, api.Ping(succeed)), "DependsOn",
				"'circuit:payments' shows a circuit breaker: name the check that it watches"},
			{s.ShowBreakers(api.ShowBreakersConfig{}), "ShowBreakers", "may be called once"},
			{s.ShowBreakers(api.ShowBreakersConfig{Most: -1}), "Most", "must not be negative: -1"},
			{s.ShowBreakers(api.ShowBreakersConfig{Groups: []string{"a", ""}}), "Groups", "each name must not be empty"},
			{(*api.System)(nil).ShowBreakers(api.ShowBreakersConfig{}), "System", "must come from Start"},
		} {
			var refused *api.ConfigError
			require.True(t, errors.As(row.err, &refused), "%v", row.err)
			require.Equal(t, row.field, refused.Field)
			require.Equal(t, row.problem, refused.Problem)
		}
		for _, sentence := range log.sentences(t) {
			require.NotContains(t, sentence, "Health check 'circuit:payments'")
		}
	})
}

// Promise (Health): ShowBreakers adds a check for each breaker, later ones too, in every format and in its group, and keeps its history.
func TestShownBreakersReadOnAfterShutdown(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		rows := shown(t, s, api.ShowBreakersConfig{})
		play(t, named(t, s, "payments"), "f")
		want := rows()
		require.NoError(t, s.Shutdown(context.Background()))
		time.Sleep(time.Hour)
		require.Equal(t, want, rows())
		over := start(t, api.SystemConfig{})
		require.NoError(t, over.Shutdown(context.Background()))
		require.ErrorIs(t, over.ShowBreakers(api.ShowBreakersConfig{}), api.ErrShutdown)
	})
}
