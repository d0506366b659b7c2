package api

import "context"

// attemptKey is where a ctx carries the number of the attempt it is for.
type attemptKey struct{}

// Attempt returns which attempt of the innermost Retry this ctx is for: 1, 2,
// 3, ...; 1 anywhere else.
func Attempt(ctx context.Context) int {
	if ctx != nil {
		if number, ok := ctx.Value(attemptKey{}).(int); ok {
			return number
		}
	}
	return 1
}

// withAttempt returns ctx for that attempt. A first attempt needs no mark,
// unless it is within an attempt of another Retry.
func withAttempt(ctx context.Context, number int) context.Context {
	if Attempt(ctx) == number {
		return ctx
	}
	return context.WithValue(ctx, attemptKey{}, number)
}
