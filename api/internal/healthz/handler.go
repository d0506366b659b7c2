package healthz

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/understudy-go/understudy/actors/health"
	"github.com/understudy-go/understudy/messages"
)

// Config holds the settings of a handler.
type Config struct {
	ShowDetails bool                               // show messages and details to every client
	Authorize   func(*http.Request) bool           // show them to requests for which it returns true; nil: to none
	StatusCodes map[string]map[messages.Status]int // by group and status, instead of the defaults
}

// NewHandler returns the handler that api.Health.Handler documents.
func NewHandler(source *Source, cfg Config) http.Handler { return &handler{source: source, cfg: cfg} }

type handler struct {
	source *Source
	cfg    Config
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q, found := locate(h.source.Set.Load(), r.URL.Path)
	if !found {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	q.read(r)
	q.showDetails = h.cfg.ShowDetails || h.cfg.Authorize != nil && h.cfg.Authorize(r)
	answer := h.source.answer(&q)
	w.Header().Set("Content-Type", q.format.contentType())
	w.Header().Set("Vary", "Accept")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Length", strconv.Itoa(len(answer.body)))
	if answer.warning != "" {
		w.Header().Set("Warning", "199 - "+strconv.QuoteToASCII(answer.warning))
	}
	w.WriteHeader(h.code(&q, answer))
	if r.Method == http.MethodGet {
		_, _ = w.Write(answer.body)
	}
}

// code returns the HTTP status of an answer.
func (h *handler) code(q *request, a *answer) int {
	if q.format == formatPrometheus {
		return http.StatusOK // Prometheus discards a page with any other status
	}
	if a.refusing {
		return http.StatusServiceUnavailable
	}
	if code, ok := h.cfg.StatusCodes[q.groupName][a.status]; ok && q.endpoint != "startupz" {
		return code
	}
	if serves(a.status) {
		return http.StatusOK
	}
	return http.StatusServiceUnavailable
}

// answer is a rendered page. It never changes.
type answer struct {
	asOf     moment
	body     []byte
	warning  string
	status   messages.Status
	refusing bool
}

// moment identifies the state that an answer shows. While the moment stays the
// same, a kept answer is valid.
type moment struct {
	second    int64  // of the clock; ages are in whole seconds
	published uint64 // how many results the checks had published
	draining  bool
}

// answer returns the answer to q. Answers about a whole group are kept until
// their moment is over.
func (s *Source) answer(q *request) *answer {
	now := time.Now()
	asOf := moment{now.Unix(), s.shared.Published(), s.isDraining()} // read before the checks: a result published meanwhile ends the moment
	if q.check != nil || len(q.exclude) > 0 {
		return s.render(q, now, asOf)
	}
	if kept, ok := q.group.answers.Load(q.layout); ok && kept.(*answer).asOf == asOf {
		return kept.(*answer)
	}
	a := s.render(q, now, asOf)
	q.group.answers.Store(q.layout, a)
	return a
}

// buffers are reused slices that the results of a page are read into. An answer
// keeps no reference to them.
var buffers = sync.Pool{New: func() any { return new([]health.Result) }}

// render returns a new answer to q.
func (s *Source) render(q *request, now time.Time, asOf moment) *answer {
	buffer := buffers.Get().(*[]health.Result)
	defer buffers.Put(buffer)
	p := s.page(q, now, *buffer)
	*buffer = p.Checks
	return &answer{asOf: asOf, body: renderers[q.format](p), warning: p.warning, status: p.Status, refusing: p.refusing}
}

var renderers = [...]func(*page) []byte{formatText: renderText, formatJSON: renderJSON, formatIETF: renderIETF, formatPrometheus: renderPrometheus}
