package tests

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (System, events, logs and errors): Settings of checks and Timeouts are readable in JSON and YAML: durations as text, no functions.
func TestSettingsOfChecksAndTimeoutsInJSONAndYAML(t *testing.T) {
	late := func(any, error) {}
	for want, settings := range map[string]interface{ MarshalYAML() (any, error) }{
		`{"limit": "1m30s", "operation": "lookup", "cooperative": false}`: api.TimeoutConfig{Limit: 90 * time.Second, Operation: "lookup", Late: late},
		`{"limit": "1s", "operation": "", "cooperative": false}`:          api.Timeout(time.Second),
		`{"timeout": "3s", "interval": "on demand", "fast_interval": "0s", "optional": true, "unhealthy_after": 2, "healthy_after": 0,
			"groups": [], "depends_on": ["db"]}`: api.CheckConfig{Timeout: 3 * time.Second, Interval: api.OnDemand, Optional: true, UnhealthyAfter: 2, Groups: []string{}, DependsOn: []string{"db"}},
	} {
		text, err := json.Marshal(settings)
		require.NoError(t, err)
		require.JSONEq(t, want, string(text))
		tree, err := settings.MarshalYAML()
		require.NoError(t, err)
		again, err := json.Marshal(tree)
		require.NoError(t, err)
		require.JSONEq(t, want, string(again))
	}
}
