package system

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// The limits of a line of the log, in bytes.
const (
	lineLimit     = 4 << 10 // of the sentence and the attributes together
	sentenceLimit = 2 << 10
	stackLimit    = 16 << 10 // of the attribute "stack", which does not count above
)

// patience is how long the log waits for the text of an attribute.
const patience = time.Second

// maxStuck is how many methods of the user may be blocked at a time.
const maxStuck = 16

// lines is the handler of all lines of the library, in front of the user's. It makes
// each line printable and bounded, leaves out panics with http.ErrAbortHandler, and
// recovers panics of the user's handler.
//
// An ERROR is written before Handle returns, because it may be about a panic that
// ends the process. All other lines are written by the log's own goroutine, so that
// no caller waits for the user's handler.
type lines struct {
	next slog.Handler
	log  *subscriber // whose goroutine writes; nil: every line is written at once

	stuck *atomic.Int32 // methods of the user that have not returned a text in time
}

// Sheltered returns a logger whose handler may do anything: see lines. It writes
// every line before it returns, and waits for the handler.
func Sheltered(logger *slog.Logger) *slog.Logger {
	return slog.New(lines{next: logger.Handler(), stuck: &atomic.Int32{}})
}

// Enabled asks the user's handler. If that panics, the line is not enabled.
func (l lines) Enabled(ctx context.Context, level slog.Level) (enabled bool) {
	defer func() { _ = recover() }()
	return l.next.Enabled(ctx, level)
}

// Handle writes the line, or queues it.
func (l lines) Handle(ctx context.Context, r slog.Record) error {
	if isAbort(r) {
		return nil
	}
	if r.Level < slog.LevelError && l.log != nil {
		r = r.Clone()
		if l.log.put(changes, delivery{line: func() { l.write(ctx, r) }}) {
			return nil
		}
	}
	inGoroutine(func() { l.write(ctx, r) })
	return nil
}

// WithAttrs returns the handler with attributes.
func (l lines) WithAttrs(attrs []slog.Attr) slog.Handler {
	return lines{l.next.WithAttrs(attrs), l.log, l.stuck}
}

// WithGroup returns the handler with a group.
func (l lines) WithGroup(name string) slog.Handler {
	return lines{l.next.WithGroup(name), l.log, l.stuck}
}

// write passes the line to the user's handler. It recovers a panic of it.
func (l lines) write(ctx context.Context, r slog.Record) {
	defer func() { _ = recover() }()
	_ = l.next.Handle(ctx, l.bounded(r)) // nobody to report its error to
}

// inGoroutine runs fn in a goroutine of its own and waits for its end, so that fn may
// call runtime.Goexit.
func inGoroutine(fn func()) {
	ended := make(chan struct{})
	go func() { // ends with fn
		defer close(ended)
		fn()
	}()
	<-ended
}

// isAbort reports whether the line is about a panic with http.ErrAbortHandler, which
// is how a handler of HTTP breaks off a response on purpose.
func isAbort(r slog.Record) (is bool) {
	r.Attrs(func(a slog.Attr) bool {
		is = is || a.Key == "panic" && a.Value.Kind() == slog.KindAny && a.Value.Any() == any(http.ErrAbortHandler)
		return !is
	})
	return is
}

// bounded returns the line, printable and within the limits.
func (l lines) bounded(r slog.Record) slog.Record {
	out := slog.NewRecord(r.Time, r.Level, messages.Shown(r.Message, sentenceLimit), r.PC)
	left := lineLimit - len(out.Message)
	r.Attrs(func(a slog.Attr) bool {
		left -= len(a.Key)
		limit := max(left, len("..."))
		switch kind := a.Value.Kind(); {
		case a.Key == "stack" && kind == slog.KindString:
			a.Value = slog.StringValue(messages.Cut(a.Value.String(), stackLimit))
		case kind == slog.KindString:
			a.Value = slog.StringValue(messages.Shown(a.Value.String(), limit))
			left -= len(a.Value.String())
		case kind == slog.KindAny, kind == slog.KindLogValuer:
			var size int
			a.Value, size = l.shownValue(a.Value.Any(), limit)
			left -= size
		}
		out.AddAttrs(a)
		return true
	})
	return out
}

// shownError is an error in a line: its text is bounded, and the error can be reached
// by unwrapping.
type shownError struct {
	text string
	err  error
}

func (e shownError) Error() string { return e.text }
func (e shownError) Unwrap() error { return e.err }

// shown returns an error as lines show it.
func (l lines) shown(err error, limit int) shownError {
	if e, ok := err.(shownError); ok {
		return shownError{messages.Cut(e.text, limit), e.err}
	}
	return shownError{l.patiently(err, func() string { return textOf(err, limit) }), err}
}

// shownValue returns the value of an attribute whose text, of size bytes, is
// printable and not longer than limit.
func (l lines) shownValue(v any, limit int) (value slog.Value, size int) {
	switch v := v.(type) {
	case nil:
		return slog.AnyValue(nil), 0
	case error:
		e := l.shown(v, limit)
		return slog.AnyValue(e), len(e.text)
	case []string:
		shown := []string{}
		for _, text := range v {
			if size >= limit {
				break
			}
			text = messages.Shown(text, max(limit-size, len("...")))
			shown = append(shown, text)
			size += len(text) + 1
		}
		return slog.AnyValue(shown), size
	}
	text := l.patiently(v, func() string { return textOf(v, limit) })
	return slog.StringValue(text), len(text)
}

// textOf returns the text of v, printable and not longer than limit. A value that
// decides itself what a log shows of it does so here, too.
func textOf(v any, limit int) string {
	switch v := v.(type) {
	case slog.LogValuer:
		return messages.Shown(slog.AnyValue(v).Resolve().String(), limit)
	case error:
		return messages.ErrorText(v, limit)
	}
	return messages.Shown(fmt.Sprint(v), limit)
}

// patiently returns the text of v, or its type if the text does not come in time: a
// method of the user that blocks must not stop the log. After maxStuck of them no
// more texts are asked for until one returns.
func (l lines) patiently(v any, text func() string) string {
	none := fmt.Sprintf("%T without a text", v)
	if l.stuck.Load() >= maxStuck {
		return none
	}
	l.stuck.Add(1)
	ready := make(chan string, 1)
	go func() { // ends when the user's method does
		defer close(ready)
		defer l.stuck.Add(-1)
		ready <- text()
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case s, ok := <-ready:
		if ok {
			return s
		}
	case <-timer.C:
	}
	return none
}
