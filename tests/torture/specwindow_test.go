package torture

import (
	"encoding/binary"
	"strings"
	"time"

	"github.com/understudy-go/understudy/api"
)

// The window of the sequential breaker is a string, so that a circuit is
// comparable. Each call is a letter: s for a success, f for a failure, in upper
// case if it was slow. In a time window the time follows each letter.
const recordWithTime = 1 + 8

// size is the length of a record under the settings in force.
func (h *history) size(s *circuit) int {
	if h.spans[s.settings] > 0 {
		return recordWithTime
	}
	return 1
}

// add adds a result. A full count window drops its oldest.
func (h *history) add(s *circuit, letter string, op *operation) {
	s.window += letter
	if h.spans[s.settings] > 0 {
		s.window += string(binary.BigEndian.AppendUint64(nil, uint64(op.began)))
		return
	}
	s.window = s.window[max(0, len(s.window)-h.sizes[s.settings]):]
}

// letters returns the window without its times.
func (h *history) letters(s *circuit) string {
	var letters strings.Builder
	for i := 0; i < len(s.window); i += h.size(s) {
		letters.WriteByte(s.window[i])
	}
	return letters.String()
}

// share returns the share of letters that are in those.
func share(letters, those string) float64 {
	n := 0
	for _, letter := range letters {
		if strings.ContainsRune(those, letter) {
			n++
		}
	}
	return float64(n) / float64(len(letters))
}

// slide returns what a time window may hold at the moment of op. The window has
// ten buckets, and the test does not know when they begin. So a result that is
// nine buckets old may have been dropped, and one of ten buckets must have been.
func (h *history) slide(s circuit, op *operation) (states []circuit) {
	span := h.spans[s.settings]
	judged := op.kind == opResult || op.kind == opStats || op.kind == opConfigure
	if span == 0 || !judged {
		return []circuit{s}
	}
	for {
		age := span
		if s.window != "" {
			age = op.began - time.Duration(binary.BigEndian.Uint64([]byte(s.window[1:recordWithTime])))
		}
		if s.window == "" || age < span {
			states = append(states, s)
		}
		if s.window == "" || age < span/10*9 {
			return states
		}
		s.window = s.window[recordWithTime:]
	}
}

// tooBad reports whether the streak or a rate opens the circuit.
func (h *history) tooBad(s *circuit, c api.BreakerConfig) bool {
	if c.FailureThreshold != api.Off && s.streak >= c.FailureThreshold {
		return true
	}
	letters := h.letters(s)
	if !rates(c) || len(letters) < c.MinimumCalls {
		return false
	}
	return (c.FailureRate > 0 && share(letters, "fF") >= c.FailureRate) || (c.SlowCallRate > 0 && share(letters, "SF") >= c.SlowCallRate)
}
