package system

import (
	"context"
	"log/slog"

	"github.com/understudy-go/understudy/messages"
)

// logTo returns the subscriber that writes events to the log.
func logTo(logger *slog.Logger) func(messages.Event) {
	return func(e messages.Event) {
		level, sentence, attrs := e.Log()
		logger.LogAttrs(context.Background(), level, sentence, attrs...)
	}
}

// recovering wraps a log handler of the user. If that panics, the record is lost
// and the panic goes no further.
type recovering struct{ slog.Handler }

func (h recovering) Enabled(ctx context.Context, level slog.Level) (enabled bool) {
	defer func() { _ = recover() }()
	return h.Handler.Enabled(ctx, level)
}

func (h recovering) Handle(ctx context.Context, r slog.Record) (err error) {
	defer func() { _ = recover() }()
	return h.Handler.Handle(ctx, r)
}

func (h recovering) WithAttrs(attrs []slog.Attr) slog.Handler {
	return recovering{h.Handler.WithAttrs(attrs)}
}

func (h recovering) WithGroup(name string) slog.Handler {
	return recovering{h.Handler.WithGroup(name)}
}
