package torture

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// clinic is a system with a few health checks, breakers that share them as
// probes, and room to show only some of those breakers. The checks are
// registered and deregistered; they succeed, fail, are slow, ignore their ctx or
// panic.
type clinic struct {
	s        *api.System
	healed   atomic.Bool // from now on no check fails
	breakers []*api.Breaker
	until    time.Time
}

const (
	clinicChecks   = 5
	clinicBreakers = 30
	clinicShows    = 20
)

// Once nothing fails any more, the breakers are also shown as they are, and
// Shutdown does not wait.
//
// Promise (Torture): Under faults a check never runs twice at once, and every circuit closes in the end.
func TestProbesAndShownBreakersUnderFire(t *testing.T) {
	for n := range 3 * *more {
		random := rand.New(rand.NewPCG(*seed+uint64(n), 5))
		synctest.Test(t, func(t *testing.T) { (&clinic{s: startFrom(t, random.Uint64())}).open(t, random) })
		if t.Failed() {
			t.Fatalf("replay it with: go test ./tests/torture -run UnderFire -seed %d", *seed+uint64(n))
		}
	}
}

func (c *clinic) open(t *testing.T, random *rand.Rand) {
	c.until = time.Now().Add(30 * time.Minute)
	require.NoError(t, c.s.ShowBreakers(api.ShowBreakersConfig{Most: clinicShows}))
	for i := range clinicBreakers {
		b, err := c.s.Breaker(fmt.Sprint(i), c.settings(random))
		require.NoError(t, err)
		c.breakers = append(c.breakers, b)
	}
	var all sync.WaitGroup
	for _, task := range []func(*rand.Rand){c.staff, c.operator} {
		fork := rand.New(rand.NewPCG(random.Uint64(), 6))
		all.Go(func() { task(fork) })
	}
	for _, b := range c.breakers {
		fork := rand.New(rand.NewPCG(random.Uint64(), 7))
		all.Go(func() { c.caller(b, fork) })
	}
	all.Wait()
	c.heal(t)
	for _, b := range c.breakers {
		require.Equal(t, api.Closed, b.State(), "%s with %+v", b.Name(), b.Config())
	}
	c.judgeRows(t)
	for _, b := range c.breakers[:clinicShows-1] {
		require.NoError(t, b.ForceOpen())
	}
	c.judgeRows(t)
	began := time.Now()
	require.NoError(t, c.s.Shutdown(context.Background()))
	require.Zero(t, time.Since(began))
}

func (c *clinic) settings(random *rand.Rand) api.BreakerConfig {
	cfg := api.BreakerConfig{
		FailureThreshold: 1 + random.IntN(3), HalfOpenMaxCalls: 1 + random.IntN(3),
		ResetTimeout: time.Duration(1 + random.IntN(int(20*time.Second))), TrialTimeout: time.Duration(1 + random.IntN(int(20*time.Second))),
	}
	if random.IntN(4) > 0 {
		cfg.Probe = fmt.Sprint("check ", random.IntN(clinicChecks))
	}
	return cfg
}

// staff registers and deregisters checks.
func (c *clinic) staff(random *rand.Rand) {
	for time.Now().Before(c.until) {
		i := random.IntN(clinicChecks)
		name := fmt.Sprint("check ", i)
		if c.s.Health().Deregister(name) != nil || random.IntN(3) == 0 {
			cfg := api.CheckConfig{Interval: api.OnDemand, Timeout: 5 * time.Second, UnhealthyAfter: 1 + random.IntN(3), HealthyAfter: 1 + random.IntN(3)}
			_ = c.s.Health().Register(name, cfg, c.check(i, rand.New(rand.NewPCG(random.Uint64(), 8))))
		}
		time.Sleep(time.Duration(random.IntN(int(2 * time.Minute))))
	}
}

func (c *clinic) check(i int, random *rand.Rand) api.Check {
	var inside atomic.Int32
	return api.Ping(func(ctx context.Context) error {
		if inside.Add(1) > 1 {
			panic("two runs of one check at once")
		}
		defer inside.Add(-1)
		if c.healed.Load() {
			return nil
		}
		switch random.IntN(6) {
		case 0:
			return errors.New("ill")
		case 1:
			return api.Degrade("not quite well")
		case 2:
			panic("mad")
		case 3:
			<-ctx.Done()
			return ctx.Err()
		case 4:
			time.Sleep(time.Duration(random.IntN(int(30 * time.Second)))) // it ignores its ctx
		}
		return nil
	})
}

// operator controls breakers and changes settings.
func (c *clinic) operator(random *rand.Rand) {
	for time.Now().Before(c.until) {
		b := c.breakers[random.IntN(len(c.breakers))]
		switch random.IntN(5) {
		case 0:
			_ = b.ForceOpen()
		case 1:
			_ = b.Disable()
		case 2:
			_ = b.Configure(c.settings(random))
		default:
			_ = b.Reset()
		}
		time.Sleep(time.Duration(random.IntN(int(10 * time.Second))))
	}
}

func (c *clinic) caller(b *api.Breaker, random *rand.Rand) {
	for time.Now().Before(c.until) {
		_ = b.Run(context.Background(), func(context.Context) error {
			time.Sleep(time.Duration(random.IntN(int(time.Second))))
			if random.IntN(2) == 0 {
				return errors.New("failed")
			}
			return nil
		})
		time.Sleep(time.Duration(random.IntN(int(5 * time.Second))))
	}
}

// heal makes all checks succeed, gives the probes time to run, and makes calls
// through breakers without a probe.
func (c *clinic) heal(t *testing.T) {
	c.healed.Store(true)
	for i := range clinicChecks {
		name := fmt.Sprint("check ", i)
		_ = c.s.Health().Deregister(name)
		require.NoError(t, c.s.Health().Register(name, api.CheckConfig{Interval: api.OnDemand}, c.check(i, nil)))
	}
	for _, b := range c.breakers {
		if st, err := b.Stats(); err != nil || st.Mode != api.Automatic {
			require.NoError(t, b.Reset())
		}
	}
	time.Sleep(5 * time.Minute) // a run that ignores its ctx may still delay a probe's first run
	for _, b := range c.breakers {
		for range 3 {
			if b.State() == api.HalfOpen { // it has no probe, or the probe was not registered
				require.NoError(t, b.Run(context.Background(), func(context.Context) error { return nil }))
			}
		}
	}
}

// judgeRows compares what health shows with the breakers.
func (c *clinic) judgeRows(t *testing.T) {
	synctest.Wait()
	rows := c.s.Health().Snapshot("circuits").Checks
	require.LessOrEqual(t, len(rows), clinicShows)
	want := map[api.State]api.Status{api.Closed: api.Healthy, api.Open: api.Degraded, api.HalfOpen: api.Degraded}
	seen := map[string]bool{}
	for _, r := range rows {
		name := strings.TrimPrefix(r.Name, "circuit:")
		b, found := c.s.LookupBreaker(name)
		require.True(t, found, r.Name)
		require.Equal(t, want[b.State()], r.Status, "%s: %s", r.Name, r.Message)
		seen[name] = true
	}
	for _, b := range c.breakers {
		require.True(t, b.State() == api.Closed || seen[b.Name()], "%s is %v and not shown", b.Name(), b.State())
	}
}
