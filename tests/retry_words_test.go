package tests

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Retry): Settings and counts of a retry are readable in JSON and YAML: durations as text, no functions.
func TestARetryInJSONAndYAML(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		r := retry(t, s, api.RetryConfig{
			Jitter: api.JitterBy(0.1), Budget: &api.RetryBudget{Ratio: 0.2},
			Retryable: always, OnRetry: func(error, int, time.Duration) {}, Backoff: func(int, error) time.Duration { return 0 },
		})
		text, err := json.Marshal(r.Config())
		require.NoError(t, err)
		require.JSONEq(t, `{
			"max_attempts": 3, "initial_delay": "1s", "backoff_factor": 2, "max_delay": "1m0s", "jitter": "by 0.1",
			"budget": {"ratio": 0.2, "min_per_second": 0, "window": "10s"}
		}`, string(text))
		tree, err := r.Config().MarshalYAML()
		require.NoError(t, err)
		again, err := json.Marshal(tree)
		require.NoError(t, err)
		require.JSONEq(t, string(text), string(again))

		st, err := r.Stats()
		require.NoError(t, err)
		text, err = json.Marshal(st)
		require.NoError(t, err)
		require.JSONEq(t, `{"name": "api", "calls": 0, "retries": 0, "exhausted": 0, "throttled": 0, "recovered": 0, "waited": "0s"}`, string(text))
	})
}
