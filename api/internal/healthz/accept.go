package healthz

import (
	"mime"
	"strconv"
	"strings"
)

// format is the format of a page.
type format uint8

const (
	formatText format = iota
	formatJSON
	formatIETF
	formatPrometheus
)

func (f format) contentType() string {
	switch f {
	case formatJSON:
		return "application/json"
	case formatIETF:
		return "application/health+json"
	case formatPrometheus:
		return "text/plain; version=0.0.4; charset=utf-8"
	}
	return "text/plain; charset=utf-8"
}

// choose returns the format that the Accept headers prefer. If there are none, or
// they name no known format, it returns the endpoint's default.
func choose(accept []string, endpoint string) format {
	best, bestQ := formatText, 0.0
	if endpoint == "health" {
		best = formatJSON
	}
	byDefault := best
	for part := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		media, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		f, ok := formatOf(media, params, byDefault)
		q := 1.0
		if text, set := params["q"]; set {
			q, err = strconv.ParseFloat(text, 64)
		}
		if ok && err == nil && q <= 1 && q > bestQ {
			best, bestQ = f, q
		}
	}
	return best
}

// formatOf returns the format for a media type or range, if there is one.
func formatOf(media string, params map[string]string, byDefault format) (format, bool) {
	switch media {
	case "application/json":
		return formatJSON, true
	case "application/*":
		if byDefault == formatText {
			return formatJSON, true
		}
		return byDefault, true
	case "application/health+json":
		return formatIETF, true
	case "text/plain":
		switch params["version"] {
		case "0.0.4", "1.0.0": // Prometheus 3 prefers 1.0.0 and reads both
			return formatPrometheus, true
		}
		return formatText, true
	case "text/*":
		return formatText, true
	case "*/*":
		return byDefault, true
	}
	return byDefault, false
}
