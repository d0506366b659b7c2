package tests

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// onePage registers a check "db" that returns these details and error, and returns
// the JSON of its Snapshot and of its page.
func onePage(t *testing.T, s *api.System, details api.Details, err error) (pages []string) {
	t.Helper()
	register(t, s, "db", onDemand, func(context.Context) (api.Details, error) { return details, err })
	synctest.Wait()
	text, failed := json.Marshal(map[string]any{"health": s.Health().Snapshot()})
	require.NoError(t, failed)
	h, failed := s.Health().HandlerWith(api.HandlerConfig{ShowDetails: api.Always})
	require.NoError(t, failed)
	page := visit(h, http.MethodGet, "/health").Body.String()
	require.True(t, json.Valid([]byte(page)), page)
	return []string{string(text), page}
}

// Promise (Health): A value of the details that JSON cannot encode, because of its depth or its type, is shown as text.
func TestDetailsThatJSONCannotEncodeAreText(t *testing.T) {
	nested := func(levels int) json.RawMessage {
		return json.RawMessage(strings.Repeat("[", levels) + strings.Repeat("]", levels))
	}
	bubble(t, func(t *testing.T, s *api.System) {
		for _, page := range onePage(t, s, api.Details{"deep": nested(10_001), "func": func() {}, "n": 3}, nil) {
			require.Contains(t, page, `"details":{"deep":"json.RawMessage","func":"func()","n":3}`)
		}
	})
	bubble(t, func(t *testing.T, s *api.System) { // JSON can encode it alone, but not every reader can decode it
		for _, page := range onePage(t, s, api.Details{"deep": nested(9_999)}, nil) {
			require.Contains(t, page, `"details":{"deep":"[[[`)
		}
	})
	bubble(t, func(t *testing.T, s *api.System) {
		for _, page := range onePage(t, s, api.Details{"deep": nested(400)}, nil) {
			require.Contains(t, page, `"details":{"deep":[[[`)
		}
	})
	_, err := json.Marshal(api.SystemHealth{Checks: []api.CheckResult{{Name: "by hand", Details: api.Details{"deep": nested(9_999)}}}})
	require.NoError(t, err)
}

// Promise (Health): A result holds at most 4 KiB of message and 16 KiB of details.
func TestMessagesAndDetailsAreCut(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	bubble(t, func(t *testing.T, s *api.System) {
		for _, page := range onePage(t, s, api.Details{"a": 1, "b": long, "c": 3}, errors.New(long)) {
			require.Less(t, len(page), 21<<10)
			require.Contains(t, page, `"a":1`)
			require.Contains(t, page, `"...":"1 more"`)
		}
		r := last(t, s, "db")
		require.Len(t, r.Message, 4<<10)
		require.Len(t, r.Changes[0].Message, 4<<10)
	})
}

// Promise (Health): A result holds a copy of the details, so a check may keep what it has returned and modify it.
func TestACheckMayModifyWhatItHasReturned(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		inner := map[string]any{"n": 1}
		mine := api.Details{"inner": inner, "list": []string{"a"}}
		pages := onePage(t, s, mine, nil)
		inner["n"], mine["more"] = 2, true
		mine["list"].([]string)[0] = "b"
		text, err := json.Marshal(s.Health().Snapshot())
		require.NoError(t, err)
		for _, page := range append(pages, string(text)) {
			require.Contains(t, page, `"details":{"inner":{"n":1},"list":["a"]}`)
		}
	})
}
