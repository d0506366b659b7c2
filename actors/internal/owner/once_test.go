package owner

import (
	"errors"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestConcurrentFirstCallsMakeOneValue(t *testing.T) {
	var once Once[int]
	made := 0
	var askers sync.WaitGroup
	for range 50 {
		askers.Go(func() {
			got, err := once.Get(func() (*int, error) {
				made++
				for range 1000 { // let other goroutines call Get meanwhile
					runtime.Gosched()
				}
				return &made, nil
			})
			if got != &made || err != nil {
				t.Errorf("not the one value: %v, %v", got, err)
			}
		})
	}
	askers.Wait()
	require.Equal(t, 1, made)
	require.Same(t, &made, once.Load())
	once.IfNone(func() { t.Error("there is one") })
}

func TestAfterAFailureNothingIsMade(t *testing.T) {
	var once Once[int]
	sick := errors.New("sick")
	_, err := once.Get(func() (*int, error) { return new(int), sick })
	require.Equal(t, sick, err)
	require.Nil(t, once.Load())
	none := false
	once.IfNone(func() { none = true })
	require.True(t, none)
	got, err := once.Get(func() (*int, error) { return new(int), nil })
	require.NoError(t, err)
	require.Same(t, got, once.Load())
}
