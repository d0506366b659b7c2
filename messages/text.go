package messages

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// This file makes text from outside fit to be shown: names, and what errors say.

// noLimit is the limit of a text that is not cut.
const noLimit = math.MaxInt

// Printable returns text with each character that is neither graphic nor a space
// replaced by its escape in Go: a line feed by \n, an escape by \x1b. A byte that is
// not UTF-8 becomes \xff. So no text can forge a line of a log or clear a terminal.
func Printable(text string) string {
	clean := 0 // text[:clean] needs no escape
	for clean < len(text) && ' ' <= text[clean] && text[clean] <= '~' {
		clean++
	}
	if clean == len(text) {
		return text
	}
	var b strings.Builder
	b.WriteString(text[:clean])
	for at := clean; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		char := text[at : at+size]
		at += size
		if unicode.IsGraphic(r) && (r != utf8.RuneError || size > 1) {
			b.WriteString(char)
			continue
		}
		quoted := strconv.QuoteToASCII(char)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}

// Cut returns text, or its beginning and "..." if it is longer than limit bytes.
// Limit is at least 3. No character is cut in two.
func Cut(text string, limit int) string {
	const dots = "..."
	if len(text) <= limit {
		return text
	}
	end := limit - len(dots)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + dots
}

// Shown returns text printable and cut to limit bytes. Its cost depends on limit,
// not on the length of text.
func Shown(text string, limit int) string {
	return Cut(Printable(Cut(text, limit)), limit)
}

// shown returns a name as sentences show it.
func shown(name string) string { return Printable(Clip(name)) }

// ErrorText returns what err says, printable and cut to limit bytes; "<nil>" for
// nil. If its Error method panics, ErrorText says so.
func ErrorText(err error, limit int) (text string) {
	defer func() {
		if r := recover(); r != nil {
			text = Shown(fmt.Sprintf("%T, whose Error method panicked: %v", err, r), limit)
		}
	}()
	switch e := err.(type) {
	case nil:
		return "<nil>"
	case interface{ text(limit int) string }: // one that contains the texts of other errors
		return Cut(e.text(limit), limit)
	}
	return Shown(err.Error(), limit)
}
