package health

import "context"

// Caller returns the ctx of a caller such that it has an error once its Done is
// closed: context.Canceled if it has none of its own. Package context panics on any
// other, even in a goroutine of its own.
func Caller(ctx context.Context) context.Context { return caller{ctx} }

type caller struct{ context.Context }

func (c caller) Err() error {
	if err := c.Context.Err(); err != nil {
		return err
	}
	select {
	case <-c.Done():
	default:
		return nil
	}
	if err := c.Context.Err(); err != nil { // it ended meanwhile
		return err
	}
	return context.Canceled
}
