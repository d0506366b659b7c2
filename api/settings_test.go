package api

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChangedFieldsNamesTheFieldsThatDiffer(t *testing.T) {
	any1 := func(error) bool { return true }
	any2 := func(error) bool { return false }
	for _, row := range []struct {
		a, b RetryConfig
		want []string
	}{
		{RetryConfig{}, RetryConfig{}, nil},
		{RetryConfig{MaxAttempts: 3}, RetryConfig{MaxAttempts: 4, Jitter: JitterFull}, []string{"MaxAttempts", "Jitter"}},
		{RetryConfig{Retryable: any1}, RetryConfig{Retryable: any2}, nil}, // functions cannot be compared
		{RetryConfig{Retryable: any1}, RetryConfig{}, []string{"Retryable"}},
		{RetryConfig{Budget: &RetryBudget{Ratio: 1}}, RetryConfig{Budget: &RetryBudget{Ratio: 1}}, nil},
		{RetryConfig{Budget: &RetryBudget{Ratio: 1}}, RetryConfig{Budget: &RetryBudget{Ratio: 2}}, []string{"Budget"}},
		{RetryConfig{Budget: &RetryBudget{Ratio: 1}}, RetryConfig{}, []string{"Budget"}},
	} {
		require.Equal(t, row.want, changedFields(row.a, row.b))
	}
	excluded := errors.New("excluded")
	require.Empty(t, changedFields(BreakerConfig{Excluded: []error{excluded}}, BreakerConfig{Excluded: []error{excluded}}))
	require.Equal(t, []string{"Window"}, changedFields(BreakerConfig{Window: CountWindow(10)}, BreakerConfig{Window: CountWindow(20)}))
}
