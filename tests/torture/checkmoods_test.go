package torture

import (
	"context"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/understudy-go/understudy/api"
)

// mood is how a check behaves.
type mood uint8

const (
	feelsWell mood = iota
	feelsSick
	feelsWeak // degraded
	feelsSlow
	hangs
	isPolite // it returns when its ctx ends
	panics
	exits
	isMoody // each run has one of the moods above
	moodsThereAre
)

// function returns the function of a check.
func (u *checkup) function(c *checkLog, id int) api.Check {
	random := rand.New(rand.NewPCG(u.random.Uint64(), 7))
	return func(ctx context.Context) (api.Details, error) {
		u.mu.Lock()
		u.runs++
		u.complain(c.mayBegin(time.Now()))
		r := &checkRun{begin: time.Now()}
		c.runs = append(c.runs, r)
		how, n := u.moods[id], len(c.runs)
		if how == isMoody {
			how = mood(random.IntN(int(isMoody)))
		}
		u.mu.Unlock()
		dwell(ctx, how, c.cfg.Timeout, random)

		u.mu.Lock()
		defer u.mu.Unlock()
		r.end = time.Now()
		return r.finish(how, n)
	}
}

func dwell(ctx context.Context, how mood, timeout time.Duration, random *rand.Rand) {
	upTo := func(limit time.Duration) time.Duration { return 1 + time.Duration(random.Int64N(int64(limit))) }
	switch d := time.Duration(0); {
	case how == isPolite:
		<-ctx.Done()
	case how == feelsSlow:
		time.Sleep(upTo(2 * timeout))
	case how == hangs, how == panics && random.IntN(4) == 0:
		time.Sleep(timeout + upTo(time.Second))
		if random.IntN(2) == 0 {
			time.Sleep(upTo(time.Minute))
		}
	case random.IntN(2) == 0:
		if d = min(timeout-1, upTo(50*time.Millisecond)); d > 0 {
			time.Sleep(d)
		}
	}
}

// finish ends the run as its mood requires, and records the outcome.
func (r *checkRun) finish(how mood, n int) (api.Details, error) {
	r.status, r.message = api.Healthy, ""
	switch how {
	case feelsSick:
		r.status, r.message = api.Unhealthy, "boom"
	case feelsWeak:
		r.status, r.message = api.Degraded, "so so"
	case panics:
		r.status, r.message, r.panicked = api.Unhealthy, "panicked: a bug", true
		panic("a bug")
	case exits:
		r.status, r.message = api.Unhealthy, "exited its goroutine"
		runtime.Goexit()
	}
	r.details = api.Details{"run": n}
	return r.details, map[mood]error{feelsSick: errBoom, feelsWeak: api.Degrade("so so")}[how]
}
