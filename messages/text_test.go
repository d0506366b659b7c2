package messages

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestPrintableTextHasNoControlCharacters(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"", ""},
		{"plain, with 'quotes' and \\", "plain, with 'quotes' and \\"},
		{"支払い é\u3000x", "支払い é\u3000x"},
		{"a\nb\r\x1b[2Jc\x7f", `a\nb\r\x1b[2Jc\x7f`},
		{"a\u202eb\u2028c\u200d", `a\u202eb\u2028c\u200d`},
		{"a\xffb\xe2\x82", `a\xffb\xe2\x82`},
		{"\ufffd", "\ufffd"},
	} {
		require.Equal(t, row.want, Printable(row.text))
		require.Equal(t, row.want, Printable(row.want), "once is enough")
	}
}

func TestShownTextIsCut(t *testing.T) {
	for _, text := range []string{strings.Repeat("x", 1<<20), strings.Repeat("\x1b", 1<<20), strings.Repeat("€", 1<<20), "é\x80"} {
		got := Shown(text, 100)
		require.LessOrEqual(t, len(got), 100)
		require.True(t, utf8.ValidString(got))
		require.Equal(t, got, Printable(got))
	}
	require.Equal(t, "abc", Cut("abc", 3))
	require.Equal(t, "...", Cut("abcd", 3))
}

// forged is a name, reason or error text that breaks a line and clears a terminal.
const forged = "x\nERROR all is lost\r\x1b[2J"

// errLong is an error of one megabyte.
var errLong = errors.New(strings.Repeat("errLong\n", 1<<18))

// Each sentence of an event or an error is one printable line, whatever enters it.
func TestSentencesArePrintable(t *testing.T) {
	foreign := errors.Join(errors.New(forged), errors.New("second"))
	sentences := []string{
		(&CircuitOpenError{Name: forged}).Error(),
		(&CircuitOpenError{Name: forged, Forced: true}).Error(),
		(&CircuitOpenError{Name: forged, State: HalfOpen}).Error(),
		(&CircuitOpenError{Name: forged, State: HalfOpen, Probe: forged}).Error(),
		(&ConfigError{Kind: "check", Name: forged, Field: "F", Problem: forged}).Error(),
		(&ConfigError{Kind: "check", Field: "F", Problem: forged}).Error(),
		(&RetryError{Name: forged, Reason: forged, Err: foreign}).Error(),
		(&TimeoutError{Operation: forged, Err: foreign}).Error(),
		(&FallbackError{Name: forged, Errs: []error{foreign, nil}}).Error(),
	}
	for _, e := range []Event{
		BreakerChanged{Name: forged, To: Open, Reason: forged},
		BreakerChanged{Name: forged, To: Open, Reason: forged, Failures: 1},
		BreakerChanged{Name: forged, To: Closed, Reason: forged},
		BreakerChanged{Name: forged, To: HalfOpen},
		ProbeUnanswered{Name: forged, Probe: forged, Reason: forged},
		CheckChanged{Name: forged, Message: forged},
		CheckRestarted{Name: forged, Reason: forged},
		Retrying{Name: forged, Err: foreign},
		RetryExhausted{Name: forged, Reason: forged, Err: foreign},
		TimedOut{Operation: forged},
		FallbackUsed{Cause: foreign},
		Dropped{Count: 1},
	} {
		_, sentence, _ := e.Log()
		sentences = append(sentences, sentence)
	}
	for _, sentence := range sentences {
		for _, r := range sentence {
			require.True(t, unicode.IsGraphic(r), "%q", sentence)
		}
	}
}

// broken is an error whose Error method panics.
type broken struct{}

func (broken) Error() string { panic("no text") }

func TestErrorTextIsBoundedAndSurvivesErrorsThatPanic(t *testing.T) {
	require.Equal(t, "<nil>", ErrorText(nil, 100))
	require.Equal(t, "boom", ErrorText(errors.New("boom"), 100))
	require.Equal(t, "messages.broken, whose Error method panicked: no text", ErrorText(broken{}, 100))
	for _, err := range []error{
		errLong, fmt.Errorf("wrapped: %w", errLong),
		&FallbackError{Errs: []error{errLong, errLong, &RetryError{Err: &TimeoutError{Operation: "x", Limit: time.Second, Err: errLong}}}},
	} {
		require.LessOrEqual(t, len(ErrorText(err, 100)), 100)
	}
	for _, err := range []error{&RetryError{Err: broken{}}, &TimeoutError{Err: broken{}}, &FallbackError{Errs: []error{broken{}}}} {
		require.Contains(t, err.Error(), "whose Error method panicked")
		require.Greater(t, len((&RetryError{Err: errLong}).Error()), 1<<20, "Error itself cuts nothing")
	}
}

// The text of an error within an error is cut before it is copied.
func TestALongErrorIsNotCopied(t *testing.T) {
	text := errLong.Error()
	err := &TimeoutError{Err: &RetryError{Err: &FallbackError{Errs: []error{plain(text), plain(text)}}}}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	ErrorText(err, 4096)
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(200_000))
}

type plain string

func (p plain) Error() string { return string(p) }

func TestTheKindOfAnEventOfACallIsItsCallKind(t *testing.T) {
	for kind, e := range map[CallKind]Event{
		CallRetried: Retrying{}, CallGaveUp: RetryExhausted{}, CallTimedOut: TimedOut{}, CallFellBack: FallbackUsed{},
	} {
		require.Equal(t, EventKind(kind), KindOf(e))
		require.True(t, KindOf(e).IsCall())
		level, _, _ := e.Log()
		require.Equal(t, kind.Level(), level)
	}
	seen := map[EventKind]bool{}
	for _, e := range []Event{BreakerChanged{}, ProbeUnanswered{}, CheckChanged{}, CheckRestarted{}, Dropped{}} {
		require.False(t, KindOf(e).IsCall())
		require.Less(t, int(KindOf(e)), EventKinds)
		seen[KindOf(e)] = true
	}
	require.Len(t, seen, EventKinds-CallKinds)
}
