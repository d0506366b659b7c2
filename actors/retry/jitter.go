package retry

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// Jitter spreads the waits of callers that failed together. Jitters can be compared
// with ==. The zero value is JitterProportional.
type Jitter struct {
	shape    shape
	fraction float64       // of by
	span     time.Duration // of upTo
}

// shape is what the random part of a wait is.
type shape uint8

const (
	proportional shape = iota
	none
	full
	equal
	by   // a fraction of the wait
	upTo // a span on top of the wait
)

// The jitters without a number. The comment gives the range of a wait that is d
// without jitter.
var (
	JitterProportional = Jitter{shape: proportional} // d ± 25 %
	JitterNone         = Jitter{shape: none}         // exactly d
	JitterFull         = Jitter{shape: full}         // from 0 to d
	JitterEqual        = Jitter{shape: equal}        // from d/2 to d
)

// JitterBy returns the jitter of d ± that fraction of d, which is from 0 to 1;
// JitterNone for 0.
func JitterBy(fraction float64) Jitter {
	if fraction == 0 {
		return JitterNone
	}
	return Jitter{shape: by, fraction: fraction}
}

// JitterUpTo returns the jitter from d to d + span; JitterNone for 0.
func JitterUpTo(span time.Duration) Jitter {
	if span == 0 {
		return JitterNone
	}
	return Jitter{shape: upTo, span: span}
}

// applied returns the wait d with the jitter of random, in [0, 1).
func (j Jitter) applied(d, random float64) float64 {
	switch j.shape {
	case proportional:
		return d * (0.75 + 0.5*random)
	case full:
		return d * random
	case equal:
		return d * (0.5 + 0.5*random)
	case by:
		return d * (1 - j.fraction + 2*j.fraction*random)
	case upTo:
		return d + float64(j.span)*random
	}
	return d
}

// problem returns what is wrong with the jitter, or "".
func (j Jitter) problem() string {
	switch {
	case j.shape == by && !(j.fraction >= 0 && j.fraction <= 1):
		return messages.MustBeFrom(0, 1, j.fraction)
	case j.span < 0:
		return messages.MustNotBeNegative(j.span)
	}
	return ""
}

// words are the texts of the jitters without a number, by their shape.
var words = [...]string{proportional: "proportional", none: "none", full: "full", equal: "equal"}

// String returns "proportional", "none", "full" or "equal", "by 0.1" for
// JitterBy(0.1), or "up to 1s" for JitterUpTo(time.Second).
func (j Jitter) String() string {
	switch j.shape {
	case by:
		return fmt.Sprint("by ", j.fraction)
	case upTo:
		return fmt.Sprint("up to ", j.span)
	}
	return words[j.shape]
}

// MarshalText returns the text of String. JSON and YAML show a Jitter so.
func (j Jitter) MarshalText() ([]byte, error) { return []byte(j.String()), nil }

// UnmarshalText sets j from the text of String. Any other text is an error.
func (j *Jitter) UnmarshalText(text []byte) error {
	if at := slices.Index(words[:], string(text)); at >= 0 {
		*j = Jitter{shape: shape(at)}
		return nil
	}
	if number, is := strings.CutPrefix(string(text), "by "); is {
		if fraction, err := strconv.ParseFloat(number, 64); err == nil {
			*j = JitterBy(fraction)
			return nil
		}
	}
	if number, is := strings.CutPrefix(string(text), "up to "); is {
		if span, err := time.ParseDuration(number); err == nil {
			*j = JitterUpTo(span)
			return nil
		}
	}
	return fmt.Errorf("a jitter is proportional, none, full, equal, or like \"by 0.1\" or \"up to 1s\": %q", messages.Clip(string(text)))
}
