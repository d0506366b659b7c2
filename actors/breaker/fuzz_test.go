package breaker

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// FuzzMachine plays a script of inputs, valid and forged, against what must
// hold after each of them. A step is three bytes: what, how, and how long after
// the step before.
//
// Promise (Torture): Machines keep their invariants for any sequence of inputs.
func FuzzMachine(f *testing.F) {
	f.Add(uint8(0), []byte{1, 1, 0, 1, 1, 0, 1, 1, 0, 0, 0, 200, 1, 0, 1})
	f.Add(uint8(9), []byte{0, 0, 0, 2, 0, 1, 7, 3, 1, 0, 0, 0, 4, 0, 250, 2, 0, 1, 6, 50, 0})
	f.Add(uint8(77), []byte{8, 1, 0, 0, 0, 0, 8, 0, 0, 1, 1, 0, 8, 2, 0, 1, 1, 1})
	f.Add(uint8(4), []byte{0, 0, 0, 3, 1, 0, 0, 0, 0, 3, 1, 0, 6, 0, 41, 3, 67, 1, 6, 0, 41, 3, 64, 0, 0, 0, 1, 3, 1, 0, 6, 0, 41, 3, 65, 9})
	f.Fuzz(func(t *testing.T, settings uint8, script []byte) {
		cfg := fuzzConfig(settings)
		m := newMachine(&cfg)
		p := &player{t: t, m: &m, spare: &machine{}, now: noon}
		for ; len(script) >= 3; script = script[3:] {
			p.now = p.now.Add(time.Duration(script[2]) * time.Second / 4)
			p.spare.CopyFrom(p.m) // a step works on a copy, as the owner's do
			p.m, p.spare = p.spare, p.m
			e := p.step(script[0], script[1])
			p.check(p.spare, e)
		}
	})
}

// fuzzConfig makes settings of every kind out of a byte: valid ones.
func fuzzConfig(b uint8) Config {
	bit := func(i int) bool { return b>>i&1 == 1 }
	cfg := Config{FailureThreshold: 1 + int(b%3), ResetTimeout: 10 * time.Second, HalfOpenMaxCalls: 1 + int(b%4), MinimumCalls: 3}
	if bit(2) {
		cfg.FailureRate = 0.5
	}
	if bit(3) {
		cfg.SlowCall, cfg.SlowCallRate = time.Second, 0.7
	}
	if bit(4) {
		cfg.Window = TimeWindow(5 * time.Second)
	}
	if bit(5) {
		cfg.FailureThreshold = Off
	}
	if bit(6) {
		cfg.ResetBackoff, cfg.MaxResetTimeout = 2, time.Minute
	}
	if bit(7) {
		cfg.TrialTimeout = 3 * time.Second
	}
	if b%5 == 4 {
		cfg.Probe = "payments"
	}
	cfg.HalfOpenFailures, cfg.FailureWindow = int(b%3)%2, time.Duration(b%4)*time.Second
	cfg, err := cfg.Normalize("api")
	if err != nil {
		panic(err)
	}
	return cfg
}

// player makes inputs of bytes and counts what it did.
type player struct {
	t       *testing.T
	m       *machine
	spare   *machine // as it was before the step
	now     time.Time
	running []messages.Permit
	asked   []messages.Permit // of the probe's runs
	reports uint64            // results, those counted on the lease included
	trials  uint64            // calls that were trials
	refused uint64
	last    messages.State // what the last change led to
}

func (p *player) step(what, how byte) effects {
	m := p.m
	switch what % 9 {
	case 0, 1, 2: // a call begins
		permit, admitted, e := m.call(p.now, messages.Call{})
		if admitted {
			p.running = append(p.running, permit)
			p.trials += min(permit.Trial, 1)
		} else {
			p.refused++
		}
		return e
	case 3, 4: // a call ends
		if len(p.asked) > 0 && how&64 != 0 { // or a run of the probe, perhaps again or an old one
			return m.probed(p.now, messages.Probed{Permit: p.asked[len(p.asked)-1-int(how>>2)%min(3, len(p.asked))], Status: messages.Status(how % 4)})
		}
		if len(p.running) == 0 {
			return m.tick(p.now)
		}
		i := int(how>>3) % len(p.running)
		permit := p.running[i]
		if how&4 == 0 { // else it reports again one day
			p.running = slices.Delete(p.running, i, i+1)
		}
		p.reports++
		return m.result(p.now, &messages.Result{Permit: permit, Outcome: messages.Outcome(how % 3), Slow: how&128 != 0})
	case 5: // callers count on the lease
		if !m.leases() {
			return effects{}
		}
		if m.state == messages.Closed {
			p.reports += uint64(how)
		} else {
			p.refused += uint64(how)
		}
		m.credit(uint64(how))
		return effects{}
	case 6:
		return m.tick(p.now.Add(-time.Duration(how%3) * time.Second)) // perhaps with an old now
	case 7:
		return m.control(p.now, messages.Control{Order: messages.Order(how % 5)})
	}
	cfg := fuzzConfig(how)
	return m.configure(p.now, &cfg)
}

// check holds what is true after every step.
func (p *player) check(before *machine, e effects) {
	m, t := p.m, p.t
	fail := func(what string) {
		t.Helper()
		t.Fatalf("%s\nbefore %+v\nafter  %+v\neffects %+v", what, before, m, e)
	}
	s := m.totals
	moved := m.state != before.state || m.mode != before.mode
	switch {
	case m.epoch < before.epoch, moved && m.epoch == before.epoch:
		fail("the epoch does not rise with a change")
	case moved != e.changed && m.state == messages.Closed == (before.state == messages.Closed):
		fail("a change without an event, or an event without a change")
	case e.changed && e.change.To != m.state:
		fail("the change leads elsewhere")
	case e.changed && e.change.From != p.last:
		fail("the changes do not chain")
	case m.epoch == before.epoch && m.until != before.until:
		fail("an opening's deadline moved")
	case m.epoch != before.epoch && len(m.trials) > 0 && m.state != messages.HalfOpen:
		fail("trials outlive their epoch")
	case len(m.trials) > max(m.needed(), len(before.trials)):
		fail("more trials than are needed")
	case m.failed > max(m.cfg.HalfOpenFailures, before.cfg.HalfOpenFailures, before.failed): // what is due comes before new settings
		fail("more failed trials than are borne")
	case m.state != messages.HalfOpen && (m.recovery != noRecovery || !reflect.DeepEqual(*noRecovery, recovery{})):
		fail("a recovery while not half-open")
	case m.state != messages.HalfOpen && len(m.trials) > 0:
		fail("trials while not half-open")
	case m.mode == messages.ForcedOpen && m.state != messages.Open, m.mode == messages.Disabled && m.state != messages.Closed:
		fail("a mode in the wrong state")
	case m.state == messages.Open && (m.mode == messages.Automatic) == m.until.IsZero():
		fail("open without an end, or forced with one")
	case m.state != messages.Open && !m.until.IsZero():
		fail("an end while not open")
	case s.Rejected != p.refused:
		fail("refusals do not add up")
	// An overdue trial is a failure without a result; its own result is late.
	case s.Successes+s.Failures+s.Ignored+s.Late < p.reports, s.Successes+s.Failures+s.Ignored+s.Late > p.reports+p.trials:
		fail("results do not add up")
	case s.Slow > s.Successes+s.Failures:
		fail("more slow calls than calls")
	// What is due by now comes before the result: it may be a trial that is overdue, and borne.
	case s.Late > before.totals.Late && s.Failures == before.totals.Failures && (m.streak != before.streak || m.healed > before.healed) && m.epoch == before.epoch:
		fail("a late result moved something")
	}
	if e.changed {
		p.last = m.state
	}
	p.checkProbe(before, e, fail)
	p.checkOpening(before, e, fail)
	p.checkWindow(fail)
}

// checkProbe: while a probe makes the trials, one run of it is in flight, and no call
// is admitted.
func (p *player) checkProbe(before *machine, e effects, fail func(string)) {
	m := p.m
	var asked messages.Permit
	if e.ask != nil {
		asked = e.ask.Permit
	}
	switch {
	case m.probe != "" && (m.state != messages.HalfOpen || len(m.trials) != 1):
		fail("a probe is heard, but not asked")
	case asked != messages.Permit{} && (asked.Epoch != m.epoch || m.trials[0].id != asked.Trial || m.probe != e.ask.Check):
		fail("a probe runs, but no trial does")
	case m.probe != "" && m.trials[0].id != before.lastTrial && asked.Epoch == 0:
		fail("a trial that the probe does not make")
	case m.probe != "" && m.streak > before.streak:
		fail("the probe's run counts as a call")
	}
	if asked.Epoch > 0 {
		p.asked = append(p.asked, asked)
	}
}

// checkOpening: a breaker left to itself never stays closed with a streak that
// a failure has just brought to the threshold.
func (p *player) checkOpening(before *machine, e effects, fail func(string)) {
	m := p.m
	if m.state == messages.Closed && m.mode == messages.Automatic && m.streak > before.streak &&
		m.cfg.FailureThreshold != Off && m.streak >= m.cfg.FailureThreshold {
		fail("a streak at the threshold does not open it")
	}
	if e.changed && m.state == messages.Closed && (m.streak != 0 || m.window.held() != counts{}) {
		fail("the past is not forgotten")
	}
	if wake := m.wake(p.now); m.state == messages.Open && m.mode == messages.Automatic && wake.IsZero() {
		fail("no tick will half-open it")
	}
	if len(m.trials) > 0 && m.wake(p.now).IsZero() {
		fail("no tick will reclaim the trials")
	}
}

// checkWindow: the sum is what the window holds.
func (p *player) checkWindow(fail func(string)) {
	if (p.m.window != nil) != p.m.cfg.judgesRates() {
		fail("a window without a rate, or a rate without a window")
	}
	if p.m.window == nil {
		return
	}
	var sum counts
	for _, entry := range p.m.window.ring {
		sum.add(entryCounts(entry), 1)
	}
	for _, bucket := range p.m.window.spans {
		sum.add(bucket, 1)
	}
	if sum != p.m.window.held() {
		fail("the window's sum is wrong")
	}
}
