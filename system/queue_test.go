package system

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAQueueKeepsLittle(t *testing.T) {
	var q queue[int]
	for _, size := range []int{1, 7, keep, 1000} {
		for n := range size {
			q.push(n)
		}
		for n := range size {
			require.Equal(t, size-n, q.len())
			require.Equal(t, n, q.pop())
		}
		require.LessOrEqual(t, cap(q.items), keep)
	}
	for n := range 10_000 { // never empty, and yet it does not grow
		q.push(n)
		q.push(n)
		q.pop()
		if n > 100 {
			q.pop()
		}
	}
	require.Less(t, cap(q.items), 1000)
}
