package healthz

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"
)

const (
	guardLimit   = 500 * time.Millisecond // how long a request waits for Authorize
	guardsAtMost = 64                     // how many calls of Authorize run at once
)

// guard asks a function of the user whether a request may see everything. A
// function that panics, hangs or is asked too often admits nobody, and makes no
// page late by more than guardLimit.
type guard struct {
	authorize func(*http.Request) bool
	logger    *slog.Logger
	slots     chan struct{} // holds one element for each call that runs
	warning   atomic.Bool   // a line is being written
	warned    atomic.Int64  // the second of the last line
}

func newGuard(authorize func(*http.Request) bool, logger *slog.Logger) *guard {
	return &guard{authorize: authorize, logger: logger, slots: make(chan struct{}, guardsAtMost)}
}

// admits reports whether r may see everything.
func (g *guard) admits(r *http.Request) bool {
	ctx, cancel := context.WithTimeout(r.Context(), guardLimit)
	defer cancel()
	select {
	case g.slots <- struct{}{}:
	case <-ctx.Done():
		g.late(r)
		return false
	}
	verdict := make(chan bool, 1)
	go g.ask(r.Clone(ctx), verdict) // ends when Authorize returns
	select {
	case admitted := <-verdict:
		return admitted
	case <-ctx.Done():
		g.late(r)
		return false
	}
}

// ask calls Authorize and sends its verdict, which is false if it panics or ends
// its goroutine.
func (g *guard) ask(r *http.Request, verdict chan<- bool) {
	admitted := false
	defer func() {
		<-g.slots
		if p := recover(); p != nil && p != http.ErrAbortHandler {
			g.warn("Authorize panicked: nothing more is shown", "panic", p, "stack", string(debug.Stack()))
		}
		verdict <- admitted
	}()
	admitted = g.authorize(r)
}

// late logs that Authorize did not answer r in time, unless the client of r left.
func (g *guard) late(r *http.Request) {
	if r.Context().Err() == nil {
		g.warn("Authorize has not returned in time: nothing more is shown", "limit", guardLimit)
	}
}

// warn writes a line of the log, at most one a second. It does not wait for the log.
func (g *guard) warn(message string, attrs ...any) {
	now := time.Now().Unix()
	if g.warned.Swap(now) == now || !g.warning.CompareAndSwap(false, true) {
		return
	}
	go func() { // ends when the log handler returns
		defer g.warning.Store(false)
		g.logger.Warn("Health: "+message, attrs...)
	}()
}
