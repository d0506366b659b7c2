package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	vegeta "github.com/tsenart/vegeta/v12/lib"
)

func TestATallyTellsAnswersFromFailures(t *testing.T) {
	const ms = time.Millisecond
	tally := &Tally{}
	for _, r := range []vegeta.Result{
		{Code: 200, Latency: 1 * ms},
		{Code: 202, Latency: 2 * ms, Headers: http.Header{degraded: {"true"}}},
		{Code: 502, Latency: 30 * ms, Error: "502 Bad Gateway"},
		{Code: 0, Latency: 1000 * ms, Error: "connection reset by peer"},
		{Code: 200, Latency: 40 * ms, Error: "unexpected EOF"},
		{Code: 304, Latency: 5 * ms},
	} {
		tally.add(&r)
	}
	require.Equal(t, 6, tally.Requests())
	require.Equal(t, 2, tally.Answered)
	require.Equal(t, 1, tally.Fallbacks)
	require.Equal(t, 4, tally.Failed)
	require.Equal(t, 1075*ms, tally.InVain)
}

func TestPercentilesAreRealLatencies(t *testing.T) {
	hundred := &Tally{}
	for i := range 100 {
		hundred.Latencies = append(hundred.Latencies, time.Duration(i+1))
	}
	one := &Tally{Latencies: []time.Duration{7}}
	for _, row := range []struct {
		tally *Tally
		p     float64
		want  time.Duration
	}{
		{hundred, 0.50, 50}, {hundred, 0.95, 95}, {hundred, 0.99, 99}, {hundred, 1, 100}, {hundred, 0, 1},
		{one, 0.50, 7}, {one, 0.99, 7}, {&Tally{}, 0.99, 0},
	} {
		require.Equal(t, row.want, row.tally.Percentile(row.p), "p%v", row.p)
	}
}

func TestTheTablePutsBothBesideEachOther(t *testing.T) {
	p := Side{&Tally{Answered: 1200, Fallbacks: 300, Latencies: []time.Duration{2 * time.Millisecond}}, 12}
	u := Side{&Tally{Answered: 900, Failed: 300, InVain: 61500 * time.Millisecond, Latencies: []time.Duration{time.Second}}, 345}
	require.Equal(t, ""+
		"                                                protected        unprotected\n"+
		"----------------------------------------------------------------------------\n"+
		"requests                                            1,200              1,200\n"+
		"answered                                  1,200 (100.0 %)      900 ( 75.0 %)\n"+
		"  with a fallback's help                    300 ( 25.0 %)        0 (  0.0 %)\n"+
		"failed                                        0 (  0.0 %)      300 ( 25.0 %)\n"+
		"p50                                                2.0 ms          1000.0 ms\n"+
		"p95                                                2.0 ms          1000.0 ms\n"+
		"p99                                                2.0 ms          1000.0 ms\n"+
		"requests that reached a sick service                   12                345\n"+
		"seconds callers waited in vain                      0.0 s             61.5 s\n"+
		"----------------------------------------------------------------------------\n",
		table(rows(p, u)))
}

func TestCallersWhoWereCutOffAreTold(t *testing.T) {
	all := rows(Side{&Tally{Answered: 9}, 0}, Side{&Tally{Answered: 5, CutOff: 4}, 0})
	require.Equal(t, Row{"requests", "9", "9"}, all[0])
	require.Equal(t, Row{"cut off while they waited", "0", "4"}, all[len(all)-1])
}

func TestATableOfNothingIsATable(t *testing.T) {
	require.NotContains(t, table(rows(Side{&Tally{}, 0}, Side{&Tally{}, 0})), "NaN")
}

func TestCountsHaveTheirThousandsApart(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		require.Equal(t, want, count(n))
	}
}

func TestTheSeedFixesTheVisits(t *testing.T) {
	require.Equal(t, visits("http://a", 1), visits("http://a", 1))
	require.NotEqual(t, visits("http://a", 1), visits("http://a", 2))
}
