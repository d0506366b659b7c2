package healthz

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/understudy-go/understudy/actors/health"
	"github.com/understudy-go/understudy/messages"
)

// renderText writes "ok", or lists the checks in the format of the Kubernetes API
// server.
func renderText(w *bufio.Writer, p *page) {
	if p.brief() {
		w.WriteString("ok")
		return
	}
	if p.Status != messages.Healthy {
		for _, cause := range p.RootCauses {
			fmt.Fprintf(w, "root cause: %s\n", printable(cause))
		}
	}
	for r := range p.each {
		if writeLine(w, p, r) != nil {
			return
		}
	}
	if p.refusing {
		w.WriteString("[-]shutdown failed: draining\n")
	}
	verdict := "failed"
	if p.passes() {
		verdict = "passed"
	}
	fmt.Fprintf(w, "%s check %s\n", p.endpoint, verdict)
}

// writeLine writes the line of one check.
func writeLine(b *bufio.Writer, p *page, r health.Result) error {
	passed := serves(r.Status)
	if p.endpoint == "startupz" {
		passed = started(&r)
	}
	mark, word := "[-]", " failed"
	if passed {
		mark, word = "[+]", " ok"
	}
	b.WriteString(mark)
	b.WriteString(printable(r.Name))
	b.WriteString(word)
	if r.Message != "" {
		b.WriteString(": ")
		b.WriteString(printable(r.Message))
	}
	if r.Flapping {
		b.WriteString(" (flapping)")
	}
	if age := ageOf(r, p.Timestamp); p.endpoint == "health" && !age.IsZero() { // the probes keep to the format of Kubernetes
		fmt.Fprintf(b, " (%ds ago)", age)
	}
	return b.WriteByte('\n')
}

// serves reports whether a system with that status should receive requests.
func serves(s messages.Status) bool { return s == messages.Healthy || s == messages.Degraded }

// printable quotes text that is not printable.
func printable(text string) string {
	if !isPrintable(text) {
		return strconv.Quote(text)
	}
	return text
}

// isPrintable reports whether text is valid UTF-8 without characters that would
// break a line or that a terminal would obey.
func isPrintable(text string) bool {
	return utf8.ValidString(text) && strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}
