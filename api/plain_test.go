package api

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type panickingError struct{}

func (panickingError) Error() string { panic("no text") }

func TestSettingsAndCountsInJSON(t *testing.T) {
	for _, row := range []struct {
		of   any
		want string
	}{
		{struct{ MaxAttempts int }{3}, `{"max_attempts": 3}`},
		{struct{ ResetTimeout time.Duration }{90 * time.Second}, `{"reset_timeout": "1m30s"}`},
		{struct{ Classify func() }{func() {}}, `{}`},
		{struct{ Expected []error }{}, `{}`},
		{struct{ Groups []string }{[]string{}}, `{"groups": []}`},
		{TimeoutConfig{Late: func(any, error) {}}, `{"limit": "0s", "operation": "", "cooperative": false}`},
		{struct{ Expected []error }{[]error{errors.New("no rows"), nil}}, `{"expected": ["no rows", null]}`},
		{struct{ LastFailure error }{}, `{}`},
		{struct{ LastFailure error }{errors.New("boom")}, `{"last_failure": "boom"}`},
		{struct{ At time.Time }{}, `{}`},
		{struct{ At time.Time }{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}, `{"at": "2026-01-02T03:04:05Z"}`},
		{struct{ Budget *RetryBudget }{}, `{}`},
		{struct{ Budget *RetryBudget }{&RetryBudget{Ratio: 0.1, Window: time.Second}}, `{"budget": {"ratio": 0.1, "min_per_second": 0, "window": "1s"}}`},
		{struct{ Rate float64 }{math.NaN()}, `{"rate": "NaN"}`},
		{struct{ State State }{HalfOpen}, `{"state": "HALF_OPEN"}`},
		{struct{ Mode Mode }{ForcedOpen}, `{"mode": "forced open"}`},
		{struct{ Window Window }{CountWindow(1)}, `{"window": "1 call"}`},
		{struct{ Window Window }{}, `{"window": "100 calls"}`},
	} {
		text, err := asJSON(row.of)
		require.NoError(t, err)
		require.JSONEq(t, row.want, string(text))
	}
	_, err := json.Marshal(BreakerStats{State: State(9)})
	require.NoError(t, err)
	text, err := asJSON(struct{ LastFailure error }{panickingError{}})
	require.NoError(t, err)
	require.Contains(t, string(text), "no text")
	text, err = asJSON(struct{ LastFailure error }{errors.New(strings.Repeat("x", 1<<20))})
	require.NoError(t, err)
	require.Less(t, len(text), 5000)
}
