package retry

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheTextOfAJitterReadsBack(t *testing.T) {
	for text, j := range map[string]Jitter{
		"proportional": {}, "none": JitterNone, "full": JitterFull, "equal": JitterEqual,
		"by 0.1": JitterBy(0.1), "by 1": JitterBy(1), "by 1e-09": JitterBy(1e-9), "by 2": JitterBy(2),
		"up to 1m30s": JitterUpTo(90 * time.Second), "up to -1ns": JitterUpTo(-1),
	} {
		written, err := j.MarshalText()
		require.NoError(t, err)
		require.Equal(t, text, string(written))
		read := JitterFull
		require.NoError(t, read.UnmarshalText(written))
		require.Equal(t, j, read)
	}
	require.Equal(t, JitterNone, JitterBy(0))
	require.Equal(t, JitterNone, JitterUpTo(0))
	require.NotEqual(t, JitterBy(0.1), JitterBy(0.2))
}

func TestAnotherTextIsNoJitter(t *testing.T) {
	for _, text := range []string{"", "Full", "by", "by ", "by much", "up to", "up to 1", "up to\n1s", "\xff", strings.Repeat("x", 1<<20)} {
		j := JitterEqual
		err := j.UnmarshalText([]byte(text))
		require.ErrorContains(t, err, "a jitter is proportional, none, full, equal, or like", "%.20q", text)
		require.Less(t, len(err.Error()), 1000)
		require.Equal(t, JitterEqual, j, "it does not change")
	}
}
