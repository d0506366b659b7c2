package retry

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// FuzzDelay: for any settings, valid or not, a wait is within its bounds.
//
// Promise (Torture): For any settings the wait of a retry is within its bounds.
func FuzzDelay(f *testing.F) {
	f.Add(int64(time.Second), 2.0, int64(time.Minute), uint8(0), 1, 0.5)
	f.Add(int64(math.MaxInt64), 1e308, int64(math.MaxInt64), uint8(0), math.MaxInt, 0.999)
	f.Add(int64(1), 1.0, int64(1), uint8(2), math.MinInt, 0.0)
	f.Add(int64(-5), math.NaN(), int64(-7), uint8(200), 0, 0.3)
	f.Fuzz(func(t *testing.T, initial int64, factor float64, maxDelay int64, jitter uint8, attempt int, random float64) {
		random = math.Abs(math.Mod(random, 1))
		if math.IsNaN(random) {
			random = 0
		}
		cfg := Config{
			InitialDelay: time.Duration(initial), BackoffFactor: factor, MaxDelay: time.Duration(maxDelay), Jitter: anyJitter(jitter, random),
		}.withDefaults()
		d := cfg.delay(attempt, 0, random)
		if d < 0 || d > max(cfg.MaxDelay, 0) {
			t.Fatalf("%+v: the wait after attempt %d is %v", cfg, attempt, d)
		}
		if cfg.validate("api") != nil {
			return
		}
		cfg.Jitter = JitterNone
		if exact, next := cfg.delay(attempt, 0, random), cfg.delay(max(attempt, 1)+min(1, math.MaxInt-max(attempt, 1)), 0, random); next < exact {
			t.Fatalf("%+v: after attempt %d the wait shrinks from %v to %v", cfg, attempt, exact, next)
		}
	})
}

// anyJitter returns one of the jitters, valid or not.
func anyJitter(kind uint8, number float64) Jitter {
	switch kind % 8 {
	case 4:
		return JitterBy(number)
	case 5:
		return JitterBy(10*number - 5)
	case 6:
		return JitterBy(math.NaN())
	case 7:
		return JitterUpTo(time.Duration(float64(kind) * number * float64(time.Minute)))
	}
	return []Jitter{JitterProportional, JitterNone, JitterFull, JitterEqual}[kind%4]
}

// FuzzBudget plays a script of calls, failed attempts and new windows, and compares
// with lists of all calls and all granted retries: the last Window never holds more
// retries than its calls allow, and no retry is refused while there is surely room.
//
// Promise (Torture): The retry budget never grants more than allowed, and never refuses while it has room.
func FuzzBudget(f *testing.F) {
	f.Add(0.1, 0.5, int64(10*time.Second), []byte{0, 10, 0, 10, 50, 20, 255, 1, 100, 30})
	f.Add(2.0, 0.0, int64(time.Second), []byte{1, 1, 1, 1, 1, 1, 9, 0, 9, 3})
	f.Add(0.0, 3.0, int64(7), []byte{0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 200, 0})
	f.Add(0.0, 1.0, int64(10*time.Second), []byte{4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 45, 0, 0, 0, 0, 0, 0, 0})
	f.Add(0.5, 0.0, int64(10*time.Second), []byte{0, 12, 0, 0, 25, 192, 10, 2, 10, 0, 10, 0})
	f.Add(1.0, 0.0, int64(19), []byte{0, 12, 9, 12, 40, 0, 1, 0, 5, 160, 1, 0, 30, 0})
	f.Fuzz(func(t *testing.T, ratio, perSecond float64, span int64, script []byte) {
		cfg, err := Config{MaxAttempts: Unlimited, Budget: &Budget{Ratio: ratio, MinPerSecond: perSecond, Window: time.Duration(span)}}.Normalize("api")
		if err != nil || cfg.Budget.Window > 1e4*time.Hour {
			return
		}
		m := newMachine("api", cfg, noon)
		recent := newRecentCalls(cfg.Budget, noon)
		now, configured := noon, time.Time{}
		var calls, granted []time.Time
		within := func(moments []time.Time, age time.Duration) (n float64) {
			for _, at := range moments {
				if now.Sub(at) < age {
					n++
				}
			}
			return n
		}
		// Each pair of bytes: how many 50ths of the window pass, and how many calls there are then; or a new window.
		script = script[:min(len(script), 400)]
		const century = 100 * 365 * 24 * time.Hour
		for ; len(script) >= 2 && now.Sub(noon) < century; script = script[2:] {
			b := *m.cfg.Budget
			now = now.Add(time.Duration(script[0]) * max(b.Window/50, 1))
			if script[1] >= 128 {
				// What has left a Window does not come back with a longer one.
				granted = slices.DeleteFunc(granted, func(at time.Time) bool { return now.Sub(at) >= b.Window })
				b.Window = min(max(b.Window*time.Duration(script[1]-127)/32, 1), 1e4*time.Hour)
				cfg.Budget = &b
				m.configure(now, cfg)
				recent = (&settings{recent: recent}).recentFor(&b, now)
				configured = now
			}
			for range script[1] % 16 {
				recent.add(now.Sub(noon), 1)
				calls = append(calls, now)
			}
			allowed := func(calls float64) float64 { return b.Ratio*calls + b.MinPerSecond*b.Window.Seconds() }
			q := messages.Attempt{At: now, Number: 1, Settings: m.settings, Retryable: true, Calls: recent.sum(now.Sub(noon))}
			if m.failed(q, 0.5).verdict.Again {
				granted = append(granted, now)
				if held, most := within(granted, b.Window), allowed(within(calls, b.Window)); held > most+1e-6 {
					t.Fatalf("%+v at %v: granted with %v granted of %v", b, now.Sub(noon), held, most)
				}
				continue
			}
			if now.Sub(configured) < 2*b.Window+22 {
				continue // old buckets of another width are still counted
			}
			held, least := within(granted, (buckets+1)*b.spentWidth()), allowed(within(calls, b.Window-b.Window/buckets-buckets))
			if held+1 <= least {
				t.Fatalf("%+v at %v: refused with %v granted of %v", b, now.Sub(noon), held, least)
			}
		}
	})
}
