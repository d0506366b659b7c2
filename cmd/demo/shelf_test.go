package main

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheShelfKeepsTheLastKnownGood(t *testing.T) {
	folder, log := t.TempDir(), slog.New(slog.DiscardHandler)
	shelf, err := OpenShelf(folder, log)
	require.NoError(t, err)
	_, err = shelf.Product(t.Context(), "7")
	require.ErrorIs(t, err, errUnknown)
	shelf.Keep(Product{ID: "7", Name: "old", Cents: 1})
	shelf.Keep(Product{ID: "7", Name: "new", Cents: 2})
	require.NoError(t, shelf.Ping(t.Context()))
	require.NoError(t, shelf.Close())
	require.Error(t, shelf.Ping(t.Context()))

	shelf, err = OpenShelf(folder, log) // it is on disk
	require.NoError(t, err)
	p, err := shelf.Product(t.Context(), "7")
	require.NoError(t, err)
	require.Equal(t, Product{ID: "7", Name: "new", Cents: 2, Stale: true}, p)
	require.NoError(t, shelf.Close())
}

func TestAShelfThatCannotBeOpenedIsAnError(t *testing.T) {
	_, err := OpenShelf(t.TempDir()+"/nowhere", slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "open the shelf")
}
