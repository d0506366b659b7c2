package healthz

import (
	"bytes"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// Config holds the settings of a handler.
type Config struct {
	Show        bool                               // messages and details, to every request
	Authorize   func(*http.Request) bool           // or to those for which it returns true; nil: none
	StatusCodes map[string]map[messages.Status]int // of a group, for a status; the others have the default
}

// NewHandler returns the handler of the endpoints.
func NewHandler(source *Source, cfg Config) http.Handler { return &handler{source: source, cfg: cfg} }

type handler struct {
	source  *Source
	cfg     Config
	buffers sync.Pool // of *bytes.Buffer
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p, found := h.page(r.URL.Path, time.Now())
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
	query := r.URL.Query()
	p.exclude(query["exclude"])
	p.verbose = query.Has("verbose")
	p.format = choose(r.Header.Values("Accept"), p.endpoint)
	p.show = h.cfg.Show || h.cfg.Authorize != nil && h.cfg.Authorize(r)
	p.status = p.overall()
	p.draining = p.group == "ready" && !p.single && h.source.draining()
	body, _ := h.buffers.Get().(*bytes.Buffer)
	if body == nil {
		body = new(bytes.Buffer)
	}
	defer h.buffers.Put(body)
	body.Reset()
	split, lines := h.source.render(body, p)
	w.Header().Set("Content-Type", p.format.contentType())
	w.Header().Set("Vary", "Accept")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Length", strconv.Itoa(body.Len()+len(lines)))
	if p.warning != "" {
		w.Header().Set("Warning", "199 - "+strconv.QuoteToASCII(p.warning))
	}
	w.WriteHeader(h.code(p))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body.Bytes()[:split])
		_, _ = w.Write(lines)
		_, _ = w.Write(body.Bytes()[split:])
	}
}

func (h *handler) code(p page) int {
	if p.format == formatPrometheus {
		return http.StatusOK // or it would not be read
	}
	if p.draining {
		return http.StatusServiceUnavailable
	}
	if code, ok := h.cfg.StatusCodes[p.group][p.status]; ok && p.endpoint != "startupz" {
		return code
	}
	if serves(p.status) {
		return http.StatusOK
	}
	return http.StatusServiceUnavailable
}
