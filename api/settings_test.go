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
		{RetryConfig{Retryable: any1}, RetryConfig{Retryable: any2}, []string{"Retryable"}},
		{RetryConfig{Retryable: any1}, RetryConfig{Retryable: any1}, nil},
		{RetryConfig{Retryable: literal(1)}, RetryConfig{Retryable: literal(2)}, nil}, // closures of one literal look alike
		{RetryConfig{Retryable: method{}.a}, RetryConfig{Retryable: method{}.b}, []string{"Retryable"}},
		{RetryConfig{Retryable: method{}.a}, RetryConfig{Retryable: method{}.a}, nil},
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

// literal returns a closure. The compiler inlines it, and so copies the closure's code.
func literal(n int) func(error) bool { return func(error) bool { return n > 0 } }

type method struct{}

func (method) a(error) bool { return true }
func (method) b(error) bool { return false }

func TestDroppedFieldsNamesWhatAFileCannotHold(t *testing.T) {
	classify := func(error) Outcome { return Success }
	errMine := errors.New("mine")
	full := BreakerConfig{FailureThreshold: 3, Classify: classify, Expected: []error{errMine}, Excluded: []error{errMine}}
	require.Equal(t, []string{"Expected", "Excluded", "Classify"}, droppedFields(full, BreakerConfig{}))
	require.Equal(t, []string{"Excluded"}, droppedFields(full, BreakerConfig{Classify: classify, Expected: []error{errMine, errMine}}))
	require.Empty(t, droppedFields(full, full))
	require.Empty(t, droppedFields(BreakerConfig{}, full))
	require.Empty(t, droppedFields(BreakerConfig{FailureThreshold: 3, Probe: "x"}, BreakerConfig{}))
}
