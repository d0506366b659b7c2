package torture

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/understudy-go/understudy/api"
)

var (
	errBoom   = errors.New("boom")
	errMiss   = errors.New("miss")   // some settings expect it
	errAbsent = errors.New("absent") // some settings exclude it
)

// retryAfter is how long a circuit must stay open that a failure with that wish opens.
const retryAfter = 20 * time.Millisecond

// ending is how a call ends.
type ending uint8

const (
	endSuccess ending = iota
	endBoom
	endMiss
	endAbsent
	endJoined
	endLater
	endCanceled
	endMarked
	endCancel // Permit.Cancel
	endPanic
	endGoexit
)

// endings holds, for each ending, its name and the error that the call returns.
var endings = [...]struct {
	name string
	err  error
}{
	endSuccess:  {"nil", nil},
	endBoom:     {"boom", errBoom},
	endMiss:     {"miss", errMiss},
	endAbsent:   {"absent", fmt.Errorf("wrapped: %w", errAbsent)},
	endJoined:   {"boom joined with context.Canceled", errors.Join(errBoom, context.Canceled)},
	endLater:    {"boom marked by RetryAfter", api.RetryAfter(errBoom, retryAfter)},
	endCanceled: {"context.Canceled", context.Canceled},
	endMarked:   {"boom marked by Ignore", api.Ignore(errBoom)},
	endCancel:   {"Cancel", nil},
	endPanic:    {"panic", nil},
	endGoexit:   {"Goexit", nil},
}

// ending draws how a call ends.
func (c *client) ending() ending {
	n := c.random.IntN(100)
	pick := func(of ...ending) ending { return of[c.random.IntN(len(of))] }
	switch {
	case n < c.mix.fail:
		return pick(endBoom, endBoom, endBoom, endMiss, endAbsent, endJoined, endLater)
	case n < c.mix.fail+c.mix.ignore:
		return pick(endMiss, endAbsent, endCanceled, endMarked)
	case n < c.mix.fail+c.mix.ignore+c.mix.crash:
		return pick(endPanic, endGoexit)
	}
	return endSuccess
}

// outcomes draws the settings that say what the end of a call is.
func outcomes(random *rand.Rand, c *api.BreakerConfig) {
	if random.IntN(3) == 0 {
		c.Expected = []error{errMiss}
	}
	if random.IntN(3) == 0 {
		c.Excluded = []error{errAbsent}
	}
	if random.IntN(4) == 0 {
		draw := func() api.Outcome { return []api.Outcome{api.Success, api.Failure, api.Ignored}[random.IntN(3)] }
		answered, boom, miss := api.Success, draw(), draw()
		if random.IntN(3) == 0 {
			answered = draw()
		}
		c.Classify = func(err error) api.Outcome {
			switch {
			case err == nil:
				return answered
			case errors.Is(err, errBoom):
				return boom
			case errors.Is(err, errMiss):
				return miss
			}
			return api.Failure
		}
	}
}

// outcome returns what the result of a call is under settings, as the documentation
// says.
func outcome(c api.BreakerConfig, op *operation) api.Outcome {
	err, died := endings[op.ending].err, op.ending == endPanic || op.ending == endGoexit
	if op.detached && op.gone != nil { // the timeout has ended the call
		err, died = op.gone, false
	}
	left := op.gone == context.Canceled
	switch {
	case op.ending == endCancel:
		return api.Ignored
	case err == nil && !died && c.Classify == nil:
		return api.Success
	case err == nil && !died:
		return c.Classify(nil)
	case left:
		return api.Ignored
	case died:
		return api.Failure
	case op.ending == endMarked && err != op.gone:
		return api.Ignored
	case c.Classify != nil:
		return c.Classify(err)
	case among(err, c.Expected):
		return api.Success
	case among(err, c.Excluded), err == context.Canceled:
		return api.Ignored
	}
	return api.Failure
}

func among(err error, targets []error) bool {
	for _, target := range targets {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}
