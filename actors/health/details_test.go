package health

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/actors/internal/ownertest"
	"github.com/understudy-go/understudy/messages"
)

type bomb struct{}

func (bomb) MarshalJSON() ([]byte, error) { panic("a bug of the user") }

// nested returns JSON of that many levels.
func nested(levels int) json.RawMessage {
	return json.RawMessage(strings.Repeat("[", levels) + strings.Repeat("]", levels))
}

func TestDetailsAreACopyThatJSONCanEncode(t *testing.T) {
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	cycle := map[string]any{}
	cycle["me"] = cycle
	for _, row := range []struct{ value, want any }{
		{nil, nil},
		{true, true},
		{3, 3},
		{uint8(3), uint8(3)},
		{0.5, 0.5},
		{"text", "text"},
		{"a\xff", "a?"},
		{time.Second, time.Second},
		{noon, noon},
		{[]string{"a", "b"}, []string{"a", "b"}},
		{[]int{1, 2}, json.RawMessage(`[1,2]`)},
		{map[string]int{"b": 1, "a": 2}, json.RawMessage(`{"a":2,"b":1}`)},
		{&struct{ N int }{3}, json.RawMessage(`{"N":3}`)},
		{json.RawMessage(`{ "n": 1.50 }`), json.RawMessage(`{"n":1.50}`)},
		{messages.Healthy, json.RawMessage(`"healthy"`)},
		{errors.New("refused"), "refused"},
		{math.NaN(), "NaN"},
		{float32(math.Inf(-1)), "-Inf"},
		{make(chan int), "chan int"},
		{cycle, "map[string]interface {}"},
		{bomb{}, "health.bomb"},
		{json.RawMessage("{"), "json.RawMessage"},
		{json.Number("x"), "json.Number"},
		{(*bomb)(nil), json.RawMessage("null")},
		{nested(10_001), "json.RawMessage"},
		{nested(8000), nested(8000)},
		{nested(9000), strings.Repeat("[", 9000) + strings.Repeat("]", maxDetails-9000-len("x...")) + "..."},
	} {
		got := Bounded(messages.Details{"x": row.value})
		require.Equal(t, messages.Details{"x": row.want}, got)
		require.Equal(t, got, Bounded(got), "a copy of the copy is the same")
		text, err := json.Marshal([]any{map[string]any{"checks": got}})
		require.NoError(t, err, "%T", row.value)
		require.True(t, json.Valid(text))
	}
	require.Nil(t, Bounded(nil))
	require.Equal(t, messages.Details{}, Bounded(messages.Details{}))
	list := []string{"a"}
	kept := Bounded(messages.Details{"x": list})
	list[0] = "b"
	require.Equal(t, messages.Details{"x": []string{"a"}}, kept)
}

func TestDetailsHold16KiB(t *testing.T) {
	many := messages.Details{}
	for i := range 10_000 {
		many[fmt.Sprintf("%04d", i)] = i
	}
	for _, d := range []messages.Details{
		many,
		{"long": strings.Repeat("é", 1<<20), "next": 1},
		{"deep": nested(9000), "next": 1},
		{"list": make([]string, 1<<20), "next": 1},
		{"bytes": make([]byte, 1<<20), "next": 1},
		{strings.Repeat("n", 1<<20): 1, strings.Repeat("n", 1<<20) + "!": 2},
	} {
		got, size := Bounded(d), 0
		for name, v := range got {
			text, isText := v.(string)
			if !isText {
				raw, err := json.Marshal(v)
				require.NoError(t, err)
				text = string(raw)
			}
			size += len(name) + len(text)
			require.True(t, utf8.ValidString(name))
		}
		require.LessOrEqual(t, size, maxDetails+len("... 10000 more"))
		require.Contains(t, got["..."], " more")
	}
	got := Bounded(many)
	require.Equal(t, 0, got["0000"], "the first ones by name are kept")
	require.Equal(t, fmt.Sprintf("%d more", 10_000-len(got)+1), got["..."])
	require.Len(t, Bounded(messages.Details{"a": strings.Repeat("x", 1<<20)})["a"], maxDetails-1)
}

// A check that goes on to use what it has returned does not disturb its readers.
func TestAResultSharesNoMemoryWithItsCheck(t *testing.T) {
	inHost(t, func(t *testing.T, h *ownertest.Host) {
		mine := map[string]any{"n": 1}
		c := start(t, h, Config{Interval: OnDemand}, func(context.Context) (messages.Details, error) {
			return messages.Details{"mine": mine}, nil
		})
		synctest.Wait()
		mine["n"] = 2
		require.Equal(t, messages.Details{"mine": json.RawMessage(`{"n":1}`)}, c.Result(time.Now()).Details)
		c.Stop()
	})
}

func TestMessagesHold4KiB(t *testing.T) {
	for _, outcome := range []func() error{
		func() error { return errors.New(strings.Repeat("é", 1<<20)) },
		func() error { return Degrade(strings.Repeat("\xff", 1<<20) + strings.Repeat("x", 1<<20)) },
		func() error { panic(strings.Repeat("x", 1<<20)) },
	} {
		inHost(t, func(t *testing.T, h *ownertest.Host) {
			c := start(t, h, Config{Interval: OnDemand}, func(context.Context) (messages.Details, error) { return nil, outcome() })
			synctest.Wait()
			r := c.Result(time.Now())
			for _, message := range []string{r.Message, r.Changes[0].Message, ownertest.Events[messages.CheckChanged](h)[0].Message} {
				require.LessOrEqual(t, len(message), maxMessage+len("panicked: "))
				require.True(t, utf8.ValidString(message))
			}
			c.Stop()
		})
	}
	p := NewPassive(NewShared(ownertest.New(), 1), "circuit:x", nil)
	p.Update(time.Now(), messages.Degraded, strings.Repeat("x", 1<<20), messages.Details{"x": nested(10_001)})
	require.Len(t, p.Result(time.Now()).Message, maxMessage)
	require.Equal(t, messages.Details{"x": "json.RawMessage"}, p.Result(time.Now()).Details)
}
