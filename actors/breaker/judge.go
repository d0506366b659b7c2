package breaker

import (
	"context"

	"github.com/understudy-go/understudy/messages"
)

// judge returns the outcome of a call that returned err. ctx is the one that the
// call was given. The first rule that applies decides. If Classify returns an outcome
// that does not exist, it is Failure.
func (c *Config) judge(ctx context.Context, err error) messages.Outcome {
	switch {
	case err == nil && c.Classify == nil:
		return messages.Success
	case err != nil && messages.IsCancelled(ctx), err != nil && messages.IsIgnored(err):
		return messages.Ignored
	case c.Classify != nil:
		return known(c.Classify(err))
	case matches(err, c.Expected):
		return messages.Success
	case matches(err, c.Excluded), messages.IsNeutral(err):
		return messages.Ignored
	}
	return messages.Failure
}

// known returns o, or Failure if there is no such outcome.
func known(o messages.Outcome) messages.Outcome {
	if o > messages.Ignored {
		return messages.Failure
	}
	return o
}

// matches reports whether err is any of targets, as messages.Is.
func matches(err error, targets []error) bool {
	for _, target := range targets {
		if messages.Is(err, target) {
			return true
		}
	}
	return false
}
