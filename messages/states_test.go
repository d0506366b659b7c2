package messages

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStatesModesAndOutcomesAreWords(t *testing.T) {
	check := func(text func() ([]byte, error), parse func([]byte) error, want string) {
		t.Helper()
		got, err := text()
		require.NoError(t, err)
		require.Equal(t, want, string(got))
		for _, same := range []string{want, strings.ToLower(want), strings.ToUpper(want)} {
			require.NoError(t, parse([]byte(same)))
		}
		for _, bad := range []string{"", "unknown", want + " ", "1", strings.Repeat("x", 1<<20)} {
			err := parse([]byte(bad))
			require.Error(t, err, bad)
			require.Less(t, len(err.Error()), 400)
		}
	}
	for s := Closed; s <= HalfOpen; s++ {
		got := Open
		check(s.MarshalText, got.UnmarshalText, s.String())
		require.Equal(t, s, got)
	}
	for o := Success; o <= Ignored; o++ {
		got := Failure
		check(o.MarshalText, got.UnmarshalText, o.String())
		require.Equal(t, o, got)
	}
	for m := Automatic; m <= Disabled; m++ {
		got := Disabled
		check(m.MarshalText, got.UnmarshalText, m.String())
		require.Equal(t, m, got)
	}
	require.Equal(t, "UNKNOWN", State(9).String())
	require.Equal(t, "unknown", Outcome(9).String())
	require.Equal(t, "unknown", Mode(9).String())
}
