package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Console prints lines with the time since the start. On a terminal it keeps a
// progress bar below them; elsewhere there are only the lines.
type Console struct {
	out        io.Writer
	began      time.Time
	run        time.Duration
	isTerminal bool
	isColoured bool // a terminal, and NO_COLOR is not set

	mu  sync.Mutex
	bar *progressbar.ProgressBar // nil: not shown
}

// newConsole prints to w.
func newConsole(w io.Writer, run time.Duration) *Console {
	c := &Console{out: w, began: time.Now(), run: run}
	if f, ok := w.(*os.File); ok {
		c.isTerminal = term.IsTerminal(int(f.Fd()))
	}
	c.isColoured = c.isTerminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return c
}

// Line prints a line of a kind (a log level, or what happened).
func (c *Console) Line(kind, format string, args ...any) {
	line := fmt.Sprintf("%6.1f s  %s  %s", time.Since(c.began).Seconds(), c.paint(kind), fmt.Sprintf(format, args...))
	c.Print(line + "\n")
}

// Print prints text above the bar.
func (c *Console) Print(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bar != nil { // clear the bar, and draw it again below the text
		c.bar.Clear()
		defer c.bar.RenderBlank()
	}
	io.WriteString(c.out, text)
}

// kindColours are the ANSI colours of some kinds of lines.
var kindColours = map[string]int{"SICK": 31, "ERROR": 31, "WARN": 33, "WELL": 32, "INFO": 36}

// paint pads a kind and colours it.
func (c *Console) paint(kind string) string {
	padded := fmt.Sprintf("%-5s", kind)
	if colour, ok := kindColours[kind]; ok && c.isColoured {
		return fmt.Sprintf("\x1b[%dm%s\x1b[0m", colour, padded)
	}
	return padded
}

// barTheme uses only characters that every font has.
var barTheme = progressbar.Theme{Saucer: "█", SaucerHead: "█", SaucerPadding: "░", BarStart: "", BarEnd: ""}

// ShowBar shows the bar and moves it until done is called, which removes it.
func (c *Console) ShowBar() (done func()) {
	if !c.isTerminal {
		return func() {}
	}
	c.mu.Lock()
	c.bar = progressbar.NewOptions64(c.run.Milliseconds(),
		progressbar.OptionSetWriter(c.out), progressbar.OptionUseANSICodes(true), progressbar.OptionSetRenderBlankState(true),
		progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false),
		progressbar.OptionSetWidth(40), progressbar.OptionSetTheme(barTheme))
	c.mu.Unlock()
	stop := make(chan struct{})
	var ticker sync.WaitGroup
	ticker.Go(func() { c.moveBar(stop) })
	return func() {
		close(stop)
		ticker.Wait()
		c.mu.Lock()
		defer c.mu.Unlock()
		c.bar.Clear()
		c.bar = nil
	}
}

// moveBar moves the bar as time passes, until stop is closed.
func (c *Console) moveBar(stop <-chan struct{}) {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			c.mu.Lock()
			c.bar.Set64(min(time.Since(c.began), c.run).Milliseconds())
			c.mu.Unlock()
		case <-stop:
			return
		}
	}
}

// Enabled reports whether Handle is called for a level: from INFO up.
func (c *Console) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

// Handle prints lines about breakers, checks and the drain, and errors. It drops
// lines about retries, timeouts and fallbacks, which are too many; Story counts
// those.
func (c *Console) Handle(_ context.Context, r slog.Record) error {
	shown := r.Level >= slog.LevelError || strings.HasPrefix(r.Message, "Drain")
	r.Attrs(func(a slog.Attr) bool {
		shown = shown || a.Key == "breaker" || a.Key == "check"
		return !shown
	})
	if shown {
		c.Line(r.Level.String(), "%s", strings.TrimSpace(r.Message))
	}
	return nil
}

// WithAttrs returns c: a line has no room for attributes.
func (c *Console) WithAttrs([]slog.Attr) slog.Handler { return c }

// WithGroup returns c.
func (c *Console) WithGroup(string) slog.Handler { return c }
