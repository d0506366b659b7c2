package main

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/understudy-go/understudy/api"
)

func TestThePictureDrawsServiceAndCircuit(t *testing.T) {
	t0 := time.Unix(0, 0)
	at := func(seconds float64) time.Time { return t0.Add(time.Duration(seconds * float64(time.Second))) }
	story := &Story{}
	for _, e := range []api.Event{
		api.BreakerChanged{Name: "catalog", From: api.Closed, To: api.Open, At: at(10.5)},
		api.BreakerChanged{Name: "catalog", From: api.Open, To: api.HalfOpen, At: at(15.2)},
		api.BreakerChanged{Name: "catalog", From: api.HalfOpen, To: api.Closed, At: at(15.3)},
		api.Retrying{Name: "catalog", Err: errors.New("x")},
		api.TimedOut{}, api.FallbackUsed{}, api.FallbackUsed{}, api.Dropped{Count: 3},
	} {
		story.Note(e)
	}
	picture := story.Picture([]Scene{{"catalog", 10.0 / 60, 14.0 / 60, Hanging}}, t0, at(20), time.Minute)
	lines := strings.Split(picture, "\n")
	require.Equal(t, "catalog    service  ··········xxxx······", lines[2])
	require.Equal(t, "           circuit  ··········█████▒····", lines[3])
	require.Equal(t, "understudy: circuits opened 1 times, 1 retries, 1 timeouts, 2 fallbacks (at least: 3 events were lost)", story.String())
}

func TestTheLogShowsWhatHappensToCircuitsAndChecks(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(newConsole(&out, time.Minute))
	log.Warn("Circuit breaker 'a' OPEN after 5 failures", "breaker", "a")
	log.Info("Health check 'b' HEALTHY", "check", "b")
	log.Warn("Retry 'a' attempt 1 failed, again in 1s", "retry", "a")
	log.Debug("Circuit breaker 'a' considers", "breaker", "a")
	log.Error("something broke", "id", 7)
	require.Equal(t, ""+
		"   0.0 s  WARN   Circuit breaker 'a' OPEN after 5 failures\n"+
		"   0.0 s  INFO   Health check 'b' HEALTHY\n"+
		"   0.0 s  ERROR  something broke\n", out.String())
}
