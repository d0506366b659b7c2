package messages

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestNamesAreOneTo255BytesOfUTF8(t *testing.T) {
	for _, row := range []struct{ name, problem string }{
		{"a", ""},
		{" ", ""},
		{"支払い\n", ""},
		{strings.Repeat("x", 255), ""},
		{strings.Repeat("é", 127) + "x", ""},
		{"", "must not be empty"},
		{strings.Repeat("x", 256), "must be at most 255 bytes long: 256"},
		{strings.Repeat("é", 128), "must be at most 255 bytes long: 256"},
		{"a\xff", "must be valid UTF-8"},
	} {
		require.Equal(t, row.problem, NameProblem(row.name), "%q", row.name)
	}
}

func TestClippedTextIsAGoodName(t *testing.T) {
	for _, text := range []string{strings.Repeat("x", 256), strings.Repeat("é", 1<<20), strings.Repeat("\x80", 300), "a\xff", strings.Repeat("x", 251) + "é€€"} {
		require.Empty(t, NameProblem(Clip(text)), "%q", text)
	}
	require.Equal(t, "fine", Clip("fine"))
	require.Equal(t, "", Clip(""))
	require.Equal(t, strings.Repeat("x", 252)+"...", Clip(strings.Repeat("x", 256)))
	require.Equal(t, strings.Repeat("x", 251)+"...", Clip(strings.Repeat("x", 251)+"€€"), "no rune is cut in two")
}

func TestTextIsCutBetweenRunes(t *testing.T) {
	for _, row := range []struct {
		text  string
		limit int
		want  string
	}{
		{"", 3, ""},
		{"abcd", 4, "abcd"},
		{"abcde", 4, "a..."},
		{"abcde", 3, "..."},
		{"éé", 3, "..."},
		{"aéé", 4, "a..."},
		{"\x80\x80\x80\x80\x80", 4, "..."},
	} {
		require.Equal(t, row.want, Cut(row.text, row.limit), "%q", row.text)
	}
}

func TestAConfigErrorNamesTheThingTheFieldAndTheProblem(t *testing.T) {
	err := error(&ConfigError{Kind: "breaker", Name: "api", Field: "SlowCall", Problem: MustNotBeNegative(-1)})
	require.EqualError(t, err, `breaker "api": SlowCall: must not be negative: -1`)
	require.True(t, errors.Is(err, ErrConfig))
	require.EqualError(t, &ConfigError{Kind: "call", Field: "ctx", Problem: MustNotBeNil}, `call: ctx: must not be nil`)
	long := (&ConfigError{Kind: "check", Name: strings.Repeat("\xff", 1<<20), Field: "Name", Problem: "p"}).Error()
	require.Less(t, len(long), 600)
	require.True(t, utf8.ValidString(long))
}
