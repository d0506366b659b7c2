package healthz

import (
	"time"

	"github.com/understudy-go/understudy/actors/health"
)

// age is how many seconds lie between a result and the moment at which it is
// shown, both cut to whole seconds as people read them; negative: there is no
// result yet.
type age int64

func ageOf(r health.Result, now time.Time) age {
	if r.Timestamp.IsZero() {
		return -1
	}
	return age(max(0, now.Unix()-r.Timestamp.Unix()))
}

// IsZero reports whether there is no age; JSON omits it then.
func (a age) IsZero() bool { return a < 0 }
