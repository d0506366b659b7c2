package healthz

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/understudy-go/understudy/actors/health"
	"github.com/understudy-go/understudy/messages"
)

// group is the checks of one group, sorted by name, and the last picture of them.
type group struct {
	checks []*health.Handle
	last   atomic.Pointer[picture]
}

// picture is how checks stood at one moment, and what was written of that. It
// holds until a check has something new, or time changes what one says.
type picture struct {
	checks []health.Seen
	out    []bool // which of them are left out; nil: none

	status  messages.Status // of all
	started bool            // every check has a first result, whatever it is
	causes  []string        // the checks that block others, sorted

	published uint64    // what had been published by then
	until     time.Time // the last moment for which it holds; zero: no end

	pages [2 * kinds]atomic.Pointer[text]
	sizes [2 * kinds]int // about how long they get
}

// text is the checks of a picture as one kind of page shows them.
type text struct {
	text   []byte
	second int64 // of the ages in it
}

// picture returns how the checks of g stand now. It never waits, and nothing is
// looked at twice while nothing is new.
func (s *Source) picture(g *group, now time.Time) *picture {
	published := s.shared.Published() // before the checks: what comes later makes another picture
	p := g.last.Load()
	if p == nil || p.published != published || !p.until.IsZero() && now.After(p.until) {
		last := p
		p = see(g.checks, now)
		p.published = published
		p.expect(last)
		g.last.Store(p)
	}
	return p
}

// expect makes room for pages like those of an earlier picture.
func (p *picture) expect(last *picture) {
	if last == nil {
		return
	}
	p.sizes = last.sizes
	for kind := range p.pages {
		if made := last.pages[kind].Load(); made != nil {
			p.sizes[kind] = len(made.text) + len(made.text)/16
		}
	}
}

// see looks at every check.
func see(checks []*health.Handle, now time.Time) *picture {
	seen, until := health.SeeAll(checks, now)
	p := pictureOf(seen, nil)
	p.until = until
	return p
}

func pictureOf(checks []health.Seen, out []bool) *picture {
	p := &picture{checks: checks, out: out, started: true}
	var all health.Overall
	for c := range p.each {
		all.Add(c.Status, c.Optional)
		p.started = p.started && c.Started
		if by := c.BlockedBy(); by != "" && !slices.Contains(p.causes, by) {
			p.causes = append(p.causes, by)
		}
	}
	p.status = all.Status()
	slices.Sort(p.causes)
	return p
}

// each yields the checks that are not left out.
func (p *picture) each(yield func(*health.Seen) bool) {
	for i := range p.checks {
		if p.out != nil && p.out[i] {
			continue
		}
		if !yield(&p.checks[i]) {
			return
		}
	}
}

// only returns the picture of one of the checks alone, which is required then.
func (p *picture) only(at int) *picture {
	single := pictureOf(p.checks[at:at+1], nil)
	single.status = single.checks[0].Status
	return single
}

// find returns the place of a check.
func (p *picture) find(name string) (at int, found bool) {
	return slices.BinarySearchFunc(p.checks, name, func(c health.Seen, name string) int {
		return cmp.Compare(c.Check.Name(), name)
	})
}

// results returns what the checks say now.
func (p *picture) results(now time.Time) []health.Result {
	results := make([]health.Result, 0, len(p.checks))
	for c := range p.each {
		results = append(results, c.Result(now))
	}
	return results
}

// lines returns all checks as write shows them, one after the other.
func (p *picture) lines(kind int, now time.Time, write func(to []byte, c *health.Seen) []byte) []byte {
	return p.text(kind, now, func(to []byte) []byte {
		for c := range p.each {
			to = write(to, c)
		}
		return to
	})
}

// text returns what write makes of the picture, and remembers it: until the
// next second, because of the ages.
func (p *picture) text(kind int, now time.Time, write func(to []byte) []byte) []byte {
	known := p.pages[kind].Load()
	if known != nil && known.second == now.Unix() {
		return known.text
	}
	made := &text{write(make([]byte, 0, p.sizes[kind])), now.Unix()}
	p.pages[kind].Store(made)
	return made.text
}

// Source is what reports are made of: the checks of a system, and what is
// said of the system beside them.
type Source struct {
	Version  string
	Started  time.Time
	Draining <-chan struct{} // closed when the system begins to drain
	Set      atomic.Pointer[Set]

	shared *health.Shared
}

// NewSource returns a source without checks.
func NewSource(shared *health.Shared, version string, started time.Time, draining <-chan struct{}) *Source {
	s := &Source{Version: version, Started: started, Draining: draining, shared: shared}
	s.Set.Store(NewSet(nil))
	return s
}

func (s *Source) draining() bool {
	select {
	case <-s.Draining:
		return true
	default:
		return false
	}
}

// Snapshot is how the system stood at one moment. Its fields are those of
// api.SystemHealth.
type Snapshot struct {
	Status     messages.Status
	Version    string
	Uptime     time.Duration
	Timestamp  time.Time
	Checks     []health.Result
	RootCauses []string
	Draining   bool
}

// Snapshot returns the last results: of all checks, or of those in any of the
// groups. It runs nothing and never waits.
func (s *Source) Snapshot(groups ...string) Snapshot {
	now := time.Now()
	p := s.picture(s.Set.Load().union(groups), now)
	return s.report(p.status, p.results(now), slices.Clone(p.causes), now)
}

// Status returns the Status of Snapshot.
func (s *Source) Status(groups ...string) messages.Status {
	return s.picture(s.Set.Load().union(groups), time.Now()).status
}

// RunAll runs all checks at once, and waits for them, at most until ctx ends:
// what has not finished by then is Unknown in this answer.
func (s *Source) RunAll(ctx context.Context) Snapshot {
	if ctx != nil { // derived here, so that a ctx of the caller's own that panics does so in the caller
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		defer cancel()
	}
	checks := s.Set.Load().Checks()
	results := make([]health.Result, len(checks))
	var wg sync.WaitGroup
	for i, c := range checks {
		wg.Go(func() { results[i] = c.Run(ctx) })
	}
	wg.Wait()
	now := time.Now()
	var all health.Overall
	var causes []string
	for i, c := range checks {
		results[i] = c.Amid(results[i], now)
		all.Add(results[i].Status, c.Config().Optional)
		if by := results[i].BlockedBy; by != "" && !slices.Contains(causes, by) {
			causes = append(causes, by)
		}
	}
	slices.Sort(causes)
	return s.report(all.Status(), results, causes, now)
}

func (s *Source) report(status messages.Status, results []health.Result, causes []string, now time.Time) Snapshot {
	return Snapshot{
		Status: status, Version: s.Version, Uptime: now.Sub(s.Started), Timestamp: now, Checks: results,
		RootCauses: causes, Draining: s.draining(),
	}
}
