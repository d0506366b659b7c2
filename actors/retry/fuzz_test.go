package retry

import (
	"math"
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
			InitialDelay: time.Duration(initial), BackoffFactor: factor, MaxDelay: time.Duration(maxDelay), Jitter: Jitter(jitter),
		}.withDefaults()
		d := cfg.delay(attempt, random)
		if d < 0 || d > max(cfg.MaxDelay, 0) {
			t.Fatalf("%+v: the wait after attempt %d is %v", cfg, attempt, d)
		}
		if cfg.validate("api") != nil {
			return
		}
		cfg.Jitter = JitterNone
		if exact, next := cfg.delay(attempt, random), cfg.delay(max(attempt, 1)+min(1, math.MaxInt-max(attempt, 1)), random); next < exact {
			t.Fatalf("%+v: after attempt %d the wait shrinks from %v to %v", cfg, attempt, exact, next)
		}
	})
}

// FuzzBudget plays a script of attempts and compares with a list of all granted
// retries: a window never holds more than allowed, and no retry is refused while
// the window has room.
//
// Promise (Torture): The retry budget never grants more than allowed, and never refuses while it has room.
func FuzzBudget(f *testing.F) {
	f.Add(0.1, 0.5, int64(10*time.Second), []byte{0, 10, 0, 10, 50, 20, 255, 1, 100, 30})
	f.Add(2.0, 0.0, int64(time.Second), []byte{1, 1, 1, 1, 1, 1, 9, 0, 9, 3})
	f.Add(0.0, 3.0, int64(7), []byte{0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 200, 0})
	f.Fuzz(func(t *testing.T, ratio, perSecond float64, span int64, script []byte) {
		cfg, err := Config{Budget: &Budget{Ratio: ratio, MinPerSecond: perSecond, Window: time.Duration(span)}}.Normalize("api")
		if err != nil {
			return
		}
		m := newMachine("api", cfg, noon)
		now := noon
		var granted []time.Time
		// within counts the retries granted less than age ago.
		within := func(age time.Duration) (n int) {
			for _, g := range granted {
				if now.Sub(g) < age {
					n++
				}
			}
			return n
		}
		b := *cfg.Budget
		// Each pair of bytes: how many 50ths of the window pass, and how many calls there are then.
		for ; len(script) >= 2; script = script[2:] {
			now = now.Add(time.Duration(script[0]) * max(min(b.Window, time.Hour)/50, 1))
			calls := uint64(script[1])
			allowed := b.Ratio*float64(calls) + b.MinPerSecond*b.Window.Seconds()
			e := m.failed(messages.Attempt{At: now, Number: 1, Retryable: true, Calls: calls}, 0.5)
			surely := (buckets - 1) * b.width() // the tenth bucket is being filled
			if !e.verdict.Again {
				if float64(within(buckets*b.width())+1) <= allowed {
					t.Fatalf("%+v at %v: refused with %d granted of %v", b, now.Sub(noon), within(buckets*b.width()), allowed)
				}
				continue
			}
			if float64(within(surely)+1) > allowed+1e-6 {
				t.Fatalf("%+v at %v: granted with %d granted of %v", b, now.Sub(noon), within(surely), allowed)
			}
			granted = append(granted, now)
		}
	})
}
