package torture

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// build returns a function that calls fn under the layers.
func (tr *tree) build(t *testing.T, s *api.System, name string, breakers []*api.Breaker, layers []layer) api.Func[int] {
	var policies []api.Policy
	fn := tr.fn
	for i, l := range layers {
		if l.kind == aCall {
			fn = tr.build(t, s, name, breakers, layers[i+1:])
			break
		}
		policies = append(policies, tr.policy(t, s, name, breakers, l))
	}
	policy := api.Compose(policies...)
	for i := len(layers) - 1; i >= 0 && i < len(policies); i-- {
		if layers[i].kind == aSwitch { // of all that follows
			policy = api.Compose(append(slices.Clone(policies[:i]), api.NewSwitch(api.Compose(policies[i+1:]...)))...)
			break
		}
	}
	return func(ctx context.Context) (int, error) { return api.Do(ctx, policy, fn) }
}

func (tr *tree) policy(t *testing.T, s *api.System, name string, breakers []*api.Breaker, l layer) api.Policy {
	switch l.kind {
	case aBreaker:
		return breakers[l.breaker]
	case aRetry:
		r, err := s.Retry(name+" "+l.name, api.RetryConfig{MaxAttempts: l.attempts, InitialDelay: l.delay, Jitter: api.JitterNone})
		require.NoError(t, err)
		return r
	case aTimeout, aCooperative:
		return api.TimeoutConfig{Limit: l.limit, Operation: l.name, Cooperative: l.kind == aCooperative, Late: func(v any, err error) {
			tr.mu.Lock()
			defer tr.mu.Unlock()
			late := lateValue{operation: l.name, kind: kindOf(err)}
			if err == nil {
				late.value = v.(int)
			}
			tr.late = append(tr.late, late)
		}}
	case aSwitch:
		return api.NewSwitch(nil)
	}
	return api.Around(func(ctx context.Context, next func(context.Context) error) error { return l.around(ctx, next) })
}

func (l layer) around(ctx context.Context, next func(context.Context) error) error {
	switch l.kind {
	case aPause:
		time.Sleep(l.delay)
	case anAfterthought:
		err := next(ctx)
		time.Sleep(l.delay)
		return err
	case aShield:
		return nil
	case aSpoiler:
		_ = next(ctx)
		return errBoom
	case aShorter:
		shorter, cancel := context.WithTimeout(ctx, l.limit)
		defer cancel()
		return next(shorter)
	case anEscape:
		return next(context.WithoutCancel(ctx))
	}
	return next(ctx)
}

// fn is the function of the call.
func (tr *tree) fn(ctx context.Context) (int, error) {
	tr.mu.Lock()
	tr.ran++
	value := tr.ran
	tr.mu.Unlock()
	r := tr.runs[value-1]
	if r.holds > 0 {
		tr.hold(value, ctx)
	}
	if r.polite {
		select {
		case <-time.After(r.takes):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	} else {
		time.Sleep(r.takes)
	}
	switch r.kind {
	case isBoom:
		return value, errBoom
	case isCanceled:
		return value, context.Canceled
	case isPanic:
		panic("a bug")
	}
	return value, nil
}

func (tr *tree) hold(value int, ctx context.Context) {
	release := api.Hold(ctx)
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.held = append(tr.held, heldRun{value, ctx, release})
}

// kindOf returns the kind of an end from its error.
func kindOf(err error) string {
	switch e := err.(type) {
	case nil:
		return isOk
	case *api.TimeoutError:
		return "timeout " + e.Operation
	case *api.RetryError:
		return "retry " + e.Reason
	}
	for kind, known := range map[string]error{isBoom: errBoom, isCanceled: context.Canceled, isDeadline: context.DeadlineExceeded} {
		if err == known {
			return kind
		}
	}
	if errors.Is(err, errBoom) {
		return isBoom
	}
	return err.Error()
}
