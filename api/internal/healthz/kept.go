package healthz

import (
	"bufio"
	"errors"
	"sync"
	"time"
)

// maxKept is the length of the longest body that is kept, in bytes.
const maxKept = 1 << 20

// moment identifies the state that a page shows. While the moment stays the same,
// what is kept is valid.
type moment struct {
	second    int64  // of the clock; ages are in whole seconds
	published uint64 // how many results the checks had published
	draining  bool
}

// kept holds the results of a group at one moment, and the pages that were made of
// them.
type kept struct {
	asOf  moment
	all   Snapshot
	pages sync.Map // of layout to *page
}

// page returns the page that q asks for. Clients that ask for the same page at the
// same moment get the same one. Pages of a single check, and pages that leave checks
// out, are made for each request.
func (s *Source) page(q *request) *page {
	now, excluded := time.Now(), q.excluded()
	if q.check != nil {
		return newPage(q, s.snapshot(q.checks(), now), excluded)
	}
	k := s.kept(q.group, now)
	if len(excluded) > 0 {
		return newPage(q, k.all, excluded)
	}
	if p, ok := k.pages.Load(q.layout); ok {
		return p.(*page)
	}
	p := newPage(q, k.all, nil)
	p.shared = true
	stored, _ := k.pages.LoadOrStore(q.layout, p)
	return stored.(*page)
}

// kept returns the results of a group as of now. At each moment they are read once.
func (s *Source) kept(g *group, now time.Time) *kept {
	asOf := moment{now.Unix(), s.shared.Published(), s.isDraining()} // read before the checks: a result published meanwhile ends the moment
	if k := g.kept.Load(); k != nil && k.asOf == asOf {
		return k
	}
	g.reading.Lock()
	defer g.reading.Unlock()
	if k := g.kept.Load(); k != nil && k.asOf == asOf {
		return k
	}
	k := &kept{asOf: asOf, all: s.snapshot(g.checks, now)}
	g.kept.Store(k)
	return k
}

// body returns the body of a page that several clients share, which the first of
// them makes. It returns nil if the body is for one client, or too long to keep.
func (p *page) body() []byte {
	if !p.shared {
		return nil
	}
	p.once.Do(func() {
		var b limited
		w := bufio.NewWriter(&b)
		render(w, p)
		if w.Flush() == nil {
			p.text = b
		}
	})
	return p.text
}

// limited is a buffer that holds at most maxKept bytes.
type limited []byte

var errTooLong = errors.New("too long to keep")

func (l *limited) Write(b []byte) (int, error) {
	if len(*l)+len(b) > maxKept {
		return 0, errTooLong
	}
	*l = append(*l, b...)
	return len(b), nil
}
