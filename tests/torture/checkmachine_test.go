package torture

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// A few checks depend on each other. They fail, degrade, hang, panic and exit;
// they are run by callers, deregistered, and kept from running by others; time
// goes on in small steps and large ones. After each step, all results, events and
// answers are compared with a recount.
//
// Promise (Torture): Breaker, retry budget and health check agree with simple models that recount everything from the start.
func TestHealthChecksReadAsANaiveRecountOfAllThatHappened(t *testing.T) {
	runs := 0
	drive(t, func(t *testing.T, random *rand.Rand, drawn []int) string {
		u := &checkup{random: random}
		defer func() { runs += u.runs }()
		return u.story(t, drawn)
	})
	t.Logf("%d runs", runs)
}

// checkup is one story.
type checkup struct {
	s      *api.System
	page   http.Handler
	kept   struct{ facts, page string } // of the last comparison of pages
	random *rand.Rand

	mu     sync.Mutex
	checks [4]*checkLog // by number; nil: never registered
	moods  [4]mood
	asks   []*checkAsk // those that have not returned
	hogs   []string
	free   time.Time // until then there may be no free slot
	closed bool
	wrong  []string
	runs   int
}

func (u *checkup) complain(what string) {
	if what != "" {
		u.wrong = append(u.wrong, fmt.Sprint(time.Now().Format("15:04:05.000000000 "), what))
	}
}

func (u *checkup) story(t *testing.T, drawn []int) string {
	var err error
	u.s, err = api.Start(api.SystemConfig{Logger: slog.New(slog.DiscardHandler), ChecksAtOnce: slots, Seed: u.random.Uint64()})
	require.NoError(t, err)
	u.page, err = u.s.Health().HandlerWith(api.HandlerConfig{ShowDetails: api.Always})
	require.NoError(t, err)
	u.s.Subscribe(u.onEvent)
	for n := 0; n < len(drawn) && len(u.wrong) == 0; n++ {
		u.step(drawn[n])
		synctest.Wait()
		u.compare(time.Now())
	}
	u.mu.Lock()
	u.closed = true
	u.mu.Unlock()
	require.NoError(t, u.s.Shutdown(context.Background()))
	synctest.Wait()
	for _, a := range u.asks {
		if a.to.IsZero() {
			u.complain(a.of.name + " never answered")
		}
	}
	if len(u.wrong) > 0 {
		return fmt.Sprintf("%s\n%s", strings.Join(u.wrong, "\n"), u.transcript())
	}
	return ""
}

// step does one thing.
func (u *checkup) step(what int) {
	id := u.random.IntN(len(u.checks))
	c := u.checks[id]
	up := c != nil && c.gone.IsZero()
	switch {
	case what < 30:
		time.Sleep(time.Duration(u.random.Int64N(int64(20 * time.Millisecond))))
	case what < 55:
		time.Sleep(time.Duration(u.random.Int64N(int64(8 * time.Second))))
	case what < 58: // a large step
		time.Sleep(time.Duration(u.random.Int64N(int64(3 * time.Minute))))
	case what < 75:
		u.mu.Lock()
		u.moods[id] = mood(u.random.IntN(int(moodsThereAre)))
		u.mu.Unlock()
	case what == 99 && len(u.hogs) == 0:
		u.crowd()
	case what > 96 && len(u.hogs) > 0:
		u.clear()
	case !up && what < 97:
		u.register(id)
	case what < 93 && up:
		u.ask(c)
	case what == 93 && up:
		u.deregister(c)
	case what == 94:
		u.runAll()
	}
}

func (u *checkup) register(id int) {
	span := func(limit time.Duration) time.Duration { return 1 + time.Duration(u.random.Int64N(int64(limit))) }
	cfg := api.CheckConfig{
		Timeout: span(5 * time.Second), Interval: span(20 * time.Second), Optional: u.random.IntN(3) == 0,
		UnhealthyAfter: 1 + u.random.IntN(3), HealthyAfter: 1 + u.random.IntN(3), Groups: []string{"ready"},
	}
	cfg.Interval += time.Second
	cfg.FastInterval = 200*time.Millisecond + span(cfg.Interval-200*time.Millisecond)
	if u.random.IntN(4) == 0 {
		cfg.Interval, cfg.FastInterval = api.OnDemand, 0
	}
	c := &checkLog{name: string(rune('a' + id)), cfg: cfg, registered: time.Now()}
	for _, other := range u.checks[:id] {
		if other != nil && other.gone.IsZero() && u.random.IntN(2) == 0 {
			c.cfg.DependsOn = append(c.cfg.DependsOn, other.name)
			for _, a := range append(slices.Clone(other.upstream), other) {
				if !slices.Contains(c.upstream, a) {
					c.upstream = append(c.upstream, a)
				}
			}
		}
	}
	u.mu.Lock()
	u.checks[id] = c
	u.mu.Unlock()
	if err := u.s.Health().Register(c.name, c.cfg, u.function(c, id)); err != nil {
		u.complain(err.Error())
	}
}

func (u *checkup) deregister(c *checkLog) {
	needed := slices.ContainsFunc(u.checks[:], func(o *checkLog) bool {
		return o != nil && o.gone.IsZero() && slices.Contains(o.cfg.DependsOn, c.name)
	})
	if !needed {
		u.mu.Lock()
		c.gone = time.Now()
		u.mu.Unlock()
	}
	if err := u.s.Health().Deregister(c.name); (err != nil) != needed {
		u.mu.Lock()
		u.complain(fmt.Sprintf("Deregister(%s): %v", c.name, err))
		u.mu.Unlock()
	}
}

// ask runs one check, with a ctx that may end before the answer.
func (u *checkup) ask(c *checkLog) {
	ctx, cancel := context.WithCancel(context.Background())
	switch u.random.IntN(4) {
	case 0:
		ctx, cancel = context.WithTimeout(context.Background(), 1+time.Duration(u.random.Int64N(int64(5*time.Second))))
	case 1:
		cancel()
	}
	a := u.note(c)
	go func() { // ends with its answer
		defer cancel()
		got := u.s.Health().Run(ctx, c.name)
		u.mu.Lock()
		defer u.mu.Unlock()
		a.to, a.answer, a.ctxErr = time.Now(), got, ctx.Err()
		u.complain(c.compareAnswer(a))
	}()
}

// note records a question, for each check that may run because of it.
func (u *checkup) note(c *checkLog) *checkAsk {
	a := &checkAsk{of: c, from: time.Now(), story: u}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.asks = append(u.asks, a)
	c.asks = append(c.asks, a)
	for _, other := range c.upstream {
		other.asks = append(other.asks, a)
	}
	return a
}

func (u *checkup) runAll() {
	if len(u.hogs) > 0 {
		u.free = time.Now().Add(hogTime)
	}
	var notes []*checkAsk
	checks := u.checks // those of now
	for _, c := range checks {
		if c != nil && c.gone.IsZero() {
			notes = append(notes, u.note(c))
		}
	}
	go func() { // ends with its answer
		all := u.s.Health().RunAll(context.Background())
		u.mu.Lock()
		defer u.mu.Unlock()
		for _, a := range notes {
			a.to = time.Now()
		}
		u.complain(overall(all, checks))
	}()
}

// slots is how many checks may run at once: enough for all checks of a story.
const slots = 5

// hogTime is how long the hogs hold all slots, at most.
const hogTime = time.Minute

// crowd registers hogs: twice as many checks as there are slots, which hang.
func (u *checkup) crowd() {
	var busy []context.Context
	hang := api.Ping(func(ctx context.Context) error {
		u.mu.Lock()
		busy = slices.DeleteFunc(busy, func(ctx context.Context) bool {
			end, _ := ctx.Deadline()
			return ctx.Err() != nil || !end.After(time.Now())
		})
		if busy = append(busy, ctx); len(busy) > slots {
			u.complain("too many checks run at once")
		}
		u.mu.Unlock()
		<-ctx.Done()
		return nil
	})
	u.free = time.Now().Add(hogTime)
	for n := range 2 * slots {
		name := fmt.Sprint("hog ", n)
		u.hogs = append(u.hogs, name)
		if err := u.s.Health().Register(name, api.CheckConfig{Interval: api.OnDemand, Timeout: 20 * time.Second, Groups: []string{"hogs"}}, hang); err != nil {
			u.complain(err.Error())
		}
	}
}

// clear deregisters the hogs.
func (u *checkup) clear() {
	for _, name := range u.hogs {
		if err := u.s.Health().Deregister(name); err != nil {
			u.complain(err.Error())
		}
	}
	u.hogs = nil
	if now := time.Now(); now.Before(u.free) {
		u.free = now
	}
}
