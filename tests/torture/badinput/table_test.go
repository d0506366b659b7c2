package badinput

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
	"github.com/understudy-go/understudy/api/checks"
)

// row is one bad, odd or extreme input of a function, and the result it must have.
// Each row runs in its own bubble and on its own System. It fails on a panic, and
// on a call that never returns, because then the bubble is deadlocked.
type row struct {
	function string // as go doc names it: "System.Breaker"
	input    string
	want     want
	call     func(v *victim) error
}

// victim is a System with a breaker, a retry and a check, for one row.
type victim struct {
	s *api.System
	b *api.Breaker
	r *api.Retry
	h *api.Health
}

func newVictim(t *testing.T) *victim {
	v := &victim{s: start(t)}
	v.h = v.s.Health()
	var err error
	v.b, err = v.s.Breaker("b", api.BreakerConfig{})
	require.NoError(t, err)
	v.r, err = v.s.Retry("r", api.RetryConfig{})
	require.NoError(t, err)
	require.NoError(t, v.h.Register("c", api.CheckConfig{Interval: api.OnDemand}, healthy))
	synctest.Wait()
	return v
}

// want returns what is wrong with the error of a call, or "".
type want func(err error) string

// refused wants a ConfigError that names the kind of thing and the field.
func refused(kind, field string) want {
	return func(err error) string {
		var bad *api.ConfigError
		switch {
		case !errors.As(err, &bad) || !errors.Is(err, api.ErrConfig):
			return fmt.Sprintf("got %v, want a ConfigError", err)
		case bad.Kind != kind || bad.Field != field || bad.Problem == "":
			return fmt.Sprintf("got %v, want one of kind %q, field %q", err, kind, field)
		case !short(bad):
			return "its text is too long to read, or no text"
		}
		return ""
	}
}

// is wants errors.Is.
func is(target error) want {
	return func(err error) string {
		if !errors.Is(err, target) {
			return fmt.Sprintf("got %v, want %v", err, target)
		}
		return ""
	}
}

func fine(err error) string { return is(nil)(err) }

// broken is an error that a row itself reports.
type broken struct{ what string }

func (b *broken) Error() string { return b.what }

func must(ok bool, what ...any) error {
	if ok {
		return nil
	}
	return &broken{"a condition does not hold: " + fmt.Sprint(what...)}
}

// short reports whether the text of an error is short enough for a log.
func short(err error) bool {
	return err != nil && err.Error() != "" && len(err.Error()) < 1000 && utf8.ValidString(err.Error())
}

var (
	never   context.Context // nil
	today   = context.Background()
	odd     = []string{"a\x00b\n\r\t\x1b[31m", " ", "/../..", "名前", "\u202e", strings.Repeat("x", 255), strings.Repeat("é", 127)} // names, all of them good
	garbled = "\xff\xfe"
	long    = strings.Repeat("x", 1<<20)
	wide    = strings.Repeat("é", 1<<19)
	noNames = []string{"", garbled, long, wide, strings.Repeat("x", 256)}
	longest = time.Duration(math.MaxInt64)
)

const (
	least  = time.Duration(math.MinInt64)
	maxInt = math.MaxInt
)

func yes(context.Context) error                    { return nil }
func no(context.Context) error                     { return errBoom }
func seven(context.Context) (int, error)           { return 7, nil }
func none(context.Context) (int, error)            { return 0, errBoom }
func double(_ context.Context, n int) (int, error) { return 2 * n, nil }
func healthy(context.Context) (api.Details, error) { return nil, nil }
func second[T any](_ T, err error) error           { return err }

// badInputs is the whole table.
func badInputs() []row {
	return slices.Concat(badSystems(), badBreakers(), badRetries(), badTimeouts(), badFallbacks(), badHealth(), badHandlers(), badValues(), badChecks(), badContexts(), badWords())
}

// Promise (Torture): Every exported function either works or returns an error that names the field, for nil, zero, negative, NaN, huge and malformed input.
func TestNoInputIsTooBad(t *testing.T) {
	table := badInputs()
	for _, r := range table {
		t.Run(r.function+"/"+shown(r.input), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := newVictim(t)
				err := try(r, v)
				if b, ok := errors.AsType[*broken](err); ok {
					t.Fatal(b)
				}
				if problem := r.want(err); problem != "" {
					t.Error(problem)
				}
			})
		})
	}
	t.Logf("%d bad inputs", len(table))
}

// try calls a row, and returns a panic as an error.
func try(r row, v *victim) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = must(false, "it panicked: ", p, "\n", string(debug.Stack()))
		}
	}()
	return r.call(v)
}

// shown returns an input as the name of a test.
func shown(input string) string {
	if len(input) > 60 {
		input = input[:60]
	}
	return fmt.Sprintf("%+q", input)
}

// Promise (Torture): The tables of bad input name every exported function.
func TestNoFunctionIsForgotten(t *testing.T) {
	inputs, places := map[string]bool{}, map[string]bool{}
	for _, r := range badInputs() {
		inputs[r.function] = true
	}
	for _, d := range append(uses(), useRest()...) {
		places[d.function] = true
	}
	all := exported(t)
	for table, names := range map[string]map[string]bool{"inputs": inputs, "places": places} {
		for _, name := range all {
			require.True(t, names[name], "%s is not in the table of bad %s", name, table)
			delete(names, name)
		}
		require.Empty(t, names, "in the table of bad %s, but not exported", table)
	}
}

func badChecks() []row {
	var rows []row
	add := func(function, input, field string, check api.Check) {
		rows = append(rows, row{"checks." + function, input, refused("check", field), func(*victim) error { return second(check(today)) }})
	}
	add("TCP", "empty", "address", checks.TCP(""))
	add("TCP", "no port", "address", checks.TCP("host"))
	add("DNS", "empty", "host", checks.DNS(""))
	add("SQL", "nil", "db", checks.SQL(nil))
	add("HTTP", "empty", "address", checks.HTTP("", checks.Expect{}))
	add("HTTP", "a file", "address", checks.HTTP("file:///etc", checks.Expect{}))
	add("HTTP", "a control character", "address", checks.HTTP("http://a\x00b", checks.Expect{}))
	add("HTTP", "status -1", "Status", checks.HTTP("http://a", checks.Expect{Status: -1}))
	add("HTTP", "a negative limit", "BodyLimit", checks.HTTP("http://a", checks.Expect{BodyLimit: -1}))
	add("Disk", "no path", "path", checks.Disk("", 1))
	add("Disk", "0", "minFree", checks.Disk("/", 0))
	add("Heap", "0", "limit", checks.Heap(0))
	add("Goroutines", "0", "limit", checks.Goroutines(0))
	add("Goroutines", "negative", "limit", checks.Goroutines(math.MinInt))
	add("NewHeartbeat", "0", "every", checks.NewHeartbeat(0).Check())
	add("NewHeartbeat", "negative", "every", checks.NewHeartbeat(-1).Check())
	add("Heartbeat.Check", "a zero Heartbeat", "every", new(checks.Heartbeat).Check())
	add("Heartbeat.Check", "nil", "every", (*checks.Heartbeat)(nil).Check())
	rows = append(rows, row{"checks.Heartbeat.Beat", "nil", fine, func(*victim) error { (*checks.Heartbeat)(nil).Beat(); return nil }})
	return rows
}
