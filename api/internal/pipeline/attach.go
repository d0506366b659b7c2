package pipeline

import "context"

// runAttached runs fn under a cooperative timeout: in the caller's goroutine,
// with a ctx that ends at the limit.
func runAttached(ctx context.Context, s *Stage, fn func(context.Context) error) error {
	if s.Timeout.Limit <= 0 {
		return s.fireAtOnce(ctx)
	}
	d := &deadlineContext{}
	d.begin(ctx, s.Timeout.Limit, s.lasting())
	returned := false
	defer func() {
		if !returned {
			d.finish(errGoexit)
		}
	}()
	err := fn(d)
	returned = true
	if err != nil && d.passed() && !d.endedByCaller() {
		err = d.fire(err)
	}
	d.finish(err)
	return err
}
