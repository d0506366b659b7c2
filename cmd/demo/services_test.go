package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// startOne starts a service and a client that end with the test.
func startOne(t *testing.T, name string) (*Service, *http.Client) {
	t.Helper()
	s, err := startService(name, 1)
	require.NoError(t, err)
	client := newClient()
	t.Cleanup(func() {
		require.NoError(t, s.Close())
		client.CloseIdleConnections()
	})
	return s, client
}

func TestAServiceBehavesAsItsMoodSays(t *testing.T) {
	s, client := startOne(t, "catalog")
	ask := func(ctx context.Context) (Product, error) {
		return fetch[Product](ctx, client, "test", "GET", s.URL()+"/product/7")
	}
	turn := func(m Mood) { require.NoError(t, s.Turn(t.Context(), m)) }

	p, err := ask(t.Context())
	require.NoError(t, err)
	require.Equal(t, "7", p.ID)
	require.Zero(t, s.Sick("test"))

	turn(Busy)
	_, err = ask(t.Context())
	require.EqualError(t, err, "answered 503 Service Unavailable")

	turn(Hanging)
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = ask(short)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	turn(Slow)
	began := time.Now()
	_, err = ask(t.Context())
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Since(began), 250*time.Millisecond)
	require.Equal(t, 3, s.Sick("test"))
	require.Zero(t, s.Sick("somebody else"))
}

func TestAServiceThatResetsSpoilsSomeAnswers(t *testing.T) {
	s, client := startOne(t, "reviews")
	require.NoError(t, s.Turn(t.Context(), Resetting))
	spoiled := 0
	for range 40 {
		_, err := fetch[Reviews](t.Context(), client, "test", "GET", s.URL()+"/reviews/7")
		if err != nil {
			require.True(t, errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.ErrUnexpectedEOF), "%v", err)
			spoiled++
		}
	}
	require.Positive(t, spoiled)
	require.Less(t, spoiled, 30)
}

func TestAStoppedServiceRefusesAndComesBackAtItsAddress(t *testing.T) {
	s, client := startOne(t, "reviews")
	address := s.URL()
	ask := func() error {
		_, err := fetch[Reviews](t.Context(), client, "test", "GET", address+"/reviews/7")
		return err
	}
	require.NoError(t, ask())
	require.NoError(t, s.Turn(t.Context(), Stopped))
	require.ErrorIs(t, ask(), syscall.ECONNREFUSED)
	require.Zero(t, s.Sick("test"), "nothing reaches a service that is stopped")
	require.NoError(t, s.Turn(t.Context(), Well))
	require.NoError(t, ask())
}

func TestBothStorefrontsMeetTheSameLuck(t *testing.T) {
	s, _ := startOne(t, "catalog")
	for range 100 {
		_, _, a := s.arrived(protected)
		_, _, b := s.arrived(unprotected)
		require.Equal(t, a, b)
	}
}

func TestHangingCallersAreLetGoWhenTheMoodChanges(t *testing.T) {
	s, client := startOne(t, "catalog")
	require.NoError(t, s.Turn(t.Context(), Hanging))
	done := make(chan error)
	go func() {
		_, err := fetch[Product](t.Context(), client, "test", "GET", s.URL()+"/product/7")
		done <- err
	}()
	for s.Sick("test") == 0 { // until the request has arrived
		time.Sleep(time.Millisecond)
	}
	require.NoError(t, s.Turn(t.Context(), Well))
	require.Error(t, <-done)
}
