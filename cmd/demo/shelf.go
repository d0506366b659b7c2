package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/bbolt"
)

// Shelf keeps the last known good products in a store on disk.
type Shelf struct {
	db   *bbolt.DB
	log  *slog.Logger
	kept sync.Map // id → the Product on disk: only changes are written
}

var products = []byte("products")

// errUnknown is returned for a product that was never kept.
var errUnknown = errors.New("not on the shelf")

// OpenShelf opens the store in a folder. It creates one if there is none.
func OpenShelf(folder string, log *slog.Logger) (*Shelf, error) {
	db, err := bbolt.Open(filepath.Join(folder, "shelf.db"), 0o600, &bbolt.Options{Timeout: time.Second})
	if err != nil {
		return nil, fmt.Errorf("open the shelf: %w", err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(products)
		return err
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the shelf: %w", err), db.Close())
	}
	return &Shelf{db: db, log: log}, nil
}

// Keep stores a product. It logs errors instead of returning them, because the
// answer to the visitor is good without it.
func (s *Shelf) Keep(p Product) {
	if old, ok := s.kept.Load(p.ID); ok && old == p {
		return
	}
	data, err := json.Marshal(p)
	if err == nil {
		err = s.db.Batch(func(tx *bbolt.Tx) error { return tx.Bucket(products).Put([]byte(p.ID), data) })
	}
	if err != nil {
		s.log.Error("keep a product", "id", p.ID, "error", err)
		return
	}
	s.kept.Store(p.ID, p)
}

// Product returns the product that was kept last, marked as stale.
func (s *Shelf) Product(_ context.Context, id string) (p Product, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		data := tx.Bucket(products).Get([]byte(id))
		if data == nil {
			return errUnknown
		}
		return json.Unmarshal(data, &p)
	})
	p.Stale = true
	return p, err
}

// Ping returns an error if the store cannot be read.
func (s *Shelf) Ping(context.Context) error {
	return s.db.View(func(tx *bbolt.Tx) error {
		if tx.Bucket(products) == nil {
			return errors.New("the store has lost its products")
		}
		return nil
	})
}

// Close closes the store.
func (s *Shelf) Close() error { return s.db.Close() }
