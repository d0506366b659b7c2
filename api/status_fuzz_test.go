package api

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzStatusText: a status that is read from a text is written as that text.
//
// Promise (Health over HTTP and gRPC): A status that is read from text is written as that text.
func FuzzStatusText(f *testing.F) {
	f.Add("HEALTHY", uint8(1))
	f.Add("degraded", uint8(200))
	f.Fuzz(func(t *testing.T, text string, number uint8) {
		var s Status
		if err := s.UnmarshalText([]byte(text)); err == nil {
			require.True(t, strings.EqualFold(text, s.String()), "%q reads as %v", text, s)
		}
		written, err := Status(number).MarshalText()
		require.NoError(t, err)
		require.NoError(t, s.UnmarshalText(written))
		require.Equal(t, Status(number).String(), s.String())
	})
}
