package healthz

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/understudy-go/understudy/actors/health"
	"github.com/understudy-go/understudy/messages"
)

// withheld is shown instead of a reason.
const withheld = "reason withheld"

// Ways of writing checks, each with messages and details or without. What
// becomes of one check in the first three is remembered until it has a new
// result; what becomes of all in any of them, until there is a new picture.
const (
	kindJSON = iota
	kindIETF
	kindText
	kindTextAged
	kindStartup
	kindPrometheus
	kinds
)

// render writes what comes before the checks of a page and, from split on, what
// comes after them, into b; lines are the checks. It never fails.
func (s *Source) render(b *bytes.Buffer, p page) (split int, lines []byte) {
	switch p.format {
	case formatJSON:
		return s.renderJSON(b, p)
	case formatIETF:
		return s.renderIETF(b, p)
	case formatPrometheus:
		return s.renderPrometheus(b, p)
	}
	return renderText(b, p)
}

// kind tells under which number a text is remembered.
func (p *page) kind(kind int) int { return 2*kind + one(p.show) }

func (p *page) redact(r health.Result) health.Result {
	if !p.show {
		r.Details = nil
		if r.Message != "" && r.BlockedBy == "" { // names are no secret
			r.Message = withheld
		}
	}
	return r
}

// renderText writes "ok", or the checks as the Kubernetes API server does.
func renderText(b *bytes.Buffer, p page) (split int, lines []byte) {
	ok := serves(p.status) && !p.draining
	if ok && !p.verbose {
		b.WriteString("ok")
		return b.Len(), nil
	}
	if p.status != messages.Healthy {
		for _, cause := range p.picture.causes {
			fmt.Fprintf(b, "root cause: %s\n", printable(cause))
		}
	}
	split = b.Len()
	switch p.endpoint {
	case "startupz":
		lines = p.picture.lines(p.kind(kindStartup), p.now, p.writeStartup)
	case "health":
		lines = p.picture.lines(p.kind(kindTextAged), p.now, p.writeTextAged)
	default:
		lines = p.picture.lines(p.kind(kindText), p.now, p.writeText)
	}
	if p.draining {
		b.WriteString("[-]shutdown failed: draining\n")
	}
	if p.warning != "" {
		fmt.Fprintf(b, "warn: %s\n", p.warning)
	}
	verdict := "failed"
	if ok {
		verdict = "passed"
	}
	fmt.Fprintf(b, "%s check %s\n", p.endpoint, verdict)
	return split, lines
}

func (p *page) writeText(to []byte, c *health.Seen) []byte {
	return append(p.writeLine(to, c), '\n')
}

// writeTextAged is for /health: the others keep to the words of Kubernetes.
func (p *page) writeTextAged(to []byte, c *health.Seen) []byte {
	to = p.writeLine(to, c)
	if _, known := c.Age(p.now); known {
		to = append(p.writeAge(to, " (", c), "s ago)"...)
	}
	return append(to, '\n')
}

func (p *page) writeStartup(to []byte, c *health.Seen) []byte {
	return append(line(to, p.redact(c.Result(p.now)), c.Started), '\n')
}

func (p *page) writeLine(to []byte, c *health.Seen) []byte {
	return c.Write(to, p.now, p.kind(kindText), func(r health.Result) []byte {
		return line(nil, p.redact(r), serves(r.Status))
	})
}

func line(to []byte, r health.Result, passed bool) []byte {
	mark, word := "[-]", "failed"
	if passed {
		mark, word = "[+]", "ok"
	}
	to = fmt.Appendf(to, "%s%s %s", mark, printable(r.Name), word)
	if r.Message != "" {
		to = fmt.Appendf(to, ": %s", printable(r.Message))
	}
	if r.Flapping {
		to = append(to, " (flapping)"...)
	}
	return to
}

// serves tells whether a system with that status should be sent requests.
func serves(s messages.Status) bool { return s == messages.Healthy || s == messages.Degraded }

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// printable quotes text that would break a line or a terminal, or is no UTF-8.
func printable(text string) string {
	if !utf8.ValidString(text) || strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) >= 0 {
		return strconv.Quote(text)
	}
	return text
}
