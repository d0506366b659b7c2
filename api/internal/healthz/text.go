package healthz

import (
	"bytes"
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
func renderText(p *page) []byte {
	ok := serves(p.Status) && !p.refusing
	if ok && !p.verbose {
		return []byte("ok")
	}
	var b bytes.Buffer
	if p.Status != messages.Healthy {
		for _, cause := range p.RootCauses {
			fmt.Fprintf(&b, "root cause: %s\n", printable(cause))
		}
	}
	for _, r := range p.Checks {
		writeLine(&b, p, r)
	}
	if p.refusing {
		b.WriteString("[-]shutdown failed: draining\n")
	}
	if p.warning != "" {
		fmt.Fprintf(&b, "warn: %s\n", p.warning)
	}
	verdict := "failed"
	if ok {
		verdict = "passed"
	}
	fmt.Fprintf(&b, "%s check %s\n", p.endpoint, verdict)
	return b.Bytes()
}

// writeLine writes the line of one check.
func writeLine(b *bytes.Buffer, p *page, r health.Result) {
	passed := serves(r.Status)
	if p.endpoint == "startupz" {
		passed = started(r)
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
	b.WriteByte('\n')
}

// serves reports whether a system with that status should receive requests.
func serves(s messages.Status) bool { return s == messages.Healthy || s == messages.Degraded }

// printable quotes text that is not valid UTF-8 or has characters that would break
// a line or a terminal.
func printable(text string) string {
	if !utf8.ValidString(text) || strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) >= 0 {
		return strconv.Quote(text)
	}
	return text
}
