package healthz

import (
	"bufio"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync"

	"github.com/understudy-go/understudy/messages"
)

// Config holds the settings of a handler.
type Config struct {
	Endpoints   map[string]bool                    // the names of the endpoints that are served
	ShowDetails bool                               // show messages and details to every client
	HideNames   bool                               // show only the status to clients that Authorize does not admit
	Authorize   func(*http.Request) bool           // show everything to requests for which it returns true; nil: to none
	StatusCodes map[string]map[messages.Status]int // by group and status, instead of the defaults
	Logger      *slog.Logger                       // receives the failures of Authorize
}

// NewHandler returns the handler that api.Health.Handler documents.
func NewHandler(source *Source, cfg Config) http.Handler {
	h := &handler{source: source, cfg: cfg, public: named}
	switch {
	case cfg.ShowDetails:
		h.public = full
	case cfg.HideNames:
		h.public = bare
	}
	if cfg.Authorize != nil {
		h.guard = newGuard(cfg.Authorize, cfg.Logger)
	}
	return h
}

type handler struct {
	source *Source
	cfg    Config
	public extent // what every client is shown
	guard  *guard // nil: no request is shown more
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Vary", "Accept")
	header.Set("X-Content-Type-Options", "nosniff")
	q, found := locate(h.source.Set.Load(), h.cfg.Endpoints, r.URL)
	if !found {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	q.read(r)
	p := h.page(&q, r)
	if p == nil {
		http.NotFound(w, r)
		return
	}
	header.Set("Content-Type", q.format.contentType())
	if q.warning != "" {
		header.Set("Warning", "199 - "+strconv.QuoteToASCII(q.warning))
	}
	if r.Method == http.MethodHead {
		w.WriteHeader(h.code(p))
		return
	}
	body := p.body()
	if body != nil {
		header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(h.code(p))
	if body != nil {
		_, _ = w.Write(body)
		return
	}
	stream(w, p)
}

// page returns the page that answers r, with as much on it as r may see; nil if r
// may not know whether it exists.
func (h *handler) page(q *request, r *http.Request) *page {
	q.shown = h.public
	if q.shown == bare && (q.below || len(q.exclude) > 0) {
		if h.guard != nil && h.guard.admits(r) {
			q.shown = full
			return h.source.page(q)
		}
		if q.below {
			return nil
		}
		q.exclude = nil
		return h.source.page(q)
	}
	p := h.source.page(q)
	if h.guard != nil && r.Method == http.MethodGet && p.withholds() && h.guard.admits(r) {
		q.shown = full
		p = h.source.page(q)
	}
	return p
}

// code returns the HTTP status of a page.
func (h *handler) code(p *page) int {
	if p.format == formatPrometheus {
		return http.StatusOK // Prometheus discards a page with any other status
	}
	if p.refusing {
		return http.StatusServiceUnavailable
	}
	if code, ok := h.cfg.StatusCodes[p.groupName][p.Status]; ok && p.endpoint != "startupz" {
		return code
	}
	if serves(p.Status) {
		return http.StatusOK
	}
	return http.StatusServiceUnavailable
}

// writers are the buffers between pages and clients.
var writers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, 2048) }}

// stream writes a page to w piece by piece, and ends early if w fails.
func stream(w io.Writer, p *page) {
	b := writers.Get().(*bufio.Writer)
	b.Reset(w)
	render(b, p)
	_ = b.Flush() // the client has left
	b.Reset(nil)
	writers.Put(b)
}

func render(w *bufio.Writer, p *page) { renderers[p.format](w, p) }

// renderers write pages. An error of w is reported by w.Flush; it ends a page at
// the next check.
var renderers = [...]func(w *bufio.Writer, p *page){formatText: renderText, formatJSON: renderJSON, formatIETF: renderIETF, formatPrometheus: renderPrometheus}
