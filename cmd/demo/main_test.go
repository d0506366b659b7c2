package main

import (
	"bytes"
	"context"
	"flag"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTheCommandLineIsChecked(t *testing.T) {
	defaults := Options{For: 30 * time.Second, Rate: 80, Seed: 2}
	for _, row := range []struct {
		args []string
		want Options
		err  string
	}{
		{nil, defaults, ""},
		{[]string{"-for", "12s", "-rate", "60", "-seed", "7"}, Options{12 * time.Second, 60, 7}, ""},
		{[]string{"-for", "8s"}, Options{8 * time.Second, 80, 2}, ""},
		{[]string{"-for", "7.9s"}, Options{}, "-for 7.9s: want 8s to 1h0m0s"},
		{[]string{"-for", "2h"}, Options{}, "-for 2h0m0s: want 8s to 1h0m0s"},
		{[]string{"-for", "-8s"}, Options{}, "-for -8s: want 8s to 1h0m0s"},
		{[]string{"-for", "soon"}, Options{}, `invalid value "soon" for flag -for: parse error`},
		{[]string{"-rate", "39"}, Options{}, "-rate 39: want 40 to 400"},
		{[]string{"-rate", "401"}, Options{}, "-rate 401: want 40 to 400"},
		{[]string{"-seed", "-1"}, Options{}, `invalid value "-1" for flag -seed: parse error`},
		{[]string{"-fast"}, Options{}, "flag provided but not defined: -fast"},
		{[]string{"now"}, Options{}, `unexpected argument "now"`},
	} {
		t.Run(strings.Join(row.args, " "), func(t *testing.T) {
			var out bytes.Buffer
			got, err := parse(row.args, &out)
			require.Empty(t, out.String())
			if row.err != "" {
				require.EqualError(t, err, row.err)
				var stderr bytes.Buffer
				require.Equal(t, exitUsage, run(t.Context(), row.args, &out, &stderr))
				require.Equal(t, "demo: "+row.err+"\nRun 'demo -h' for help.\n", stderr.String())
				require.Empty(t, out.String())
				return
			}
			require.NoError(t, err)
			require.Equal(t, row.want, got)
		})
	}
}

func TestHelpIsNoError(t *testing.T) {
	var out, stderr bytes.Buffer
	require.Equal(t, exitDone, run(t.Context(), []string{"-h"}, &out, &stderr))
	require.Contains(t, out.String(), "-for duration")
	require.Contains(t, out.String(), "130 interrupted")
	require.Empty(t, stderr.String())
	_, err := parse([]string{"-help"}, &out)
	require.ErrorIs(t, err, flag.ErrHelp)
}

// The whole story over real HTTP, in a few seconds.
func TestTheStorefrontStaysUpWhereItsTwinFails(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, play(t.Context(), Options{For: 6 * time.Second, Rate: 60, Seed: 1}, &out))

	text := out.String()
	for _, want := range []string{
		"payments answers 503, Retry-After: 1",
		"Circuit breaker 'payments' OPEN after 5 failures",
		"Circuit breaker 'payments' transitioning to HALF_OPEN",
		"CLOSED - service recovered",
		"reviews is stopped: connection refused",
		"reviews is well again",
		"in the outage: GET /health → 200 OK",
		"in the outage: GET /readyz → 200 OK",
		"at the end: GET /health → 200 OK",
		"while draining: GET /readyz → 503 Service Unavailable, [-]shutdown failed: draining",
		"understudy: circuits opened",
	} {
		require.Contains(t, text, want)
	}
	require.Regexp(t, `(?s)at the end: .*Drain: readiness says 503.*while draining: .*Drain: letting work in flight finish.*Drain: shutting down.*Drain: done`, text)
	require.NotContains(t, text, "\x1b", "no escape codes off a terminal")
	require.NotContains(t, text, "ERROR")
	failed := numbers(t, text, "failed")
	require.Less(t, failed[0], failed[1]/4)
	sick := numbers(t, text, "requests that reached a sick service")
	require.Positive(t, sick[0])
	require.Positive(t, sick[1])
}

// numbers finds the two counts of a row of the table.
func numbers(t *testing.T, text, row string) [2]int {
	t.Helper()
	share := `(?: \( *[\d.]+ %\))?`
	found := regexp.MustCompile(`(?m)^` + row + ` +([\d,]+)` + share + ` +([\d,]+)` + share + `$`).FindStringSubmatch(text)
	require.NotNil(t, found, "no row %q in\n%s", row, text)
	var n [2]int
	for i := range n {
		var err error
		n[i], err = strconv.Atoi(strings.ReplaceAll(found[i+1], ",", ""))
		require.NoError(t, err)
	}
	return n
}

func TestAnInterruptShowsTheTableSoFar(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	var out, stderr bytes.Buffer
	began := time.Now()
	require.Equal(t, exitInterrupted, run(ctx, []string{"-for", "8s"}, &out, &stderr))
	require.Less(t, time.Since(began), 6*time.Second)
	require.Empty(t, stderr.String())
	require.Contains(t, out.String(), "interrupted: this is what was measured so far")
	require.Positive(t, numbers(t, out.String(), "requests")[0])
}
