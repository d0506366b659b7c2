package healthz

import (
	"time"

	"github.com/understudy-go/understudy/actors/health"
)

// age is the number of seconds from a result to the moment at which it is shown.
// Both moments are rounded down to whole seconds, as timestamps show them. A
// negative age means that there is no result yet.
type age int64

func ageOf(r health.Result, now time.Time) age {
	if r.Timestamp.IsZero() {
		return -1
	}
	return age(max(0, now.Unix()-r.Timestamp.Unix()))
}

// IsZero reports whether there is no result yet. JSON omits the age then.
func (a age) IsZero() bool { return a < 0 }
