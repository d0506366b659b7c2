package api

import (
	"encoding/json"
	"net/http"
	"strings"
)

// Handler serves the last results at /health, /livez (the group "live") and
// /readyz (the group "ready"), under any prefix, to GET and HEAD. HEALTHY and
// DEGRADED are 200, UNHEALTHY and UNKNOWN 503. It runs no check.
func (h *Health) Handler() http.Handler { return http.HandlerFunc(h.serve) }

func (h *Health) serve(w http.ResponseWriter, r *http.Request) {
	var groups []string
	path := strings.TrimSuffix(r.URL.Path, "/")
	switch path[strings.LastIndexByte(path, '/')+1:] {
	case "health":
	case "livez":
		groups = []string{"live"}
	case "readyz":
		groups = []string{"ready"}
	default:
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	report := h.Snapshot(groups...)
	body, err := json.Marshal(report)
	if err != nil {
		http.Error(w, "the report cannot be written as JSON", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(httpStatus(report.Status))
	_, _ = w.Write(append(body, '\n'))
}

func httpStatus(s Status) int {
	if s == Healthy || s == Degraded {
		return http.StatusOK
	}
	return http.StatusServiceUnavailable
}
