package main

import (
	"bytes"
	"os"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
)

// sample is what the process holds at one moment. What cannot be had on this
// system is -1.
type sample struct {
	at          time.Duration // since the beginning
	heap        float64       // bytes of live objects, after a garbage collection, without the sampler's own
	rss         float64       // bytes of memory that the system has given (Linux)
	goroutines  float64
	timers      float64 // live time.Timers, tickers and AfterFuncs; those of a Sleep do not count
	descriptors float64 // open files and sockets (Linux)
}

// Every allocation is recorded, because that is how timers can be counted: the
// runtime does not tell how many there are.
func init() { runtime.MemProfileRate = 1 }

// take takes a sample. The second collection makes the memory profile that of
// the first.
func take(at time.Duration) sample {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return sample{
		at: at, heap: float64(m.HeapAlloc) - ownHeap(), rss: resident(), goroutines: float64(runtime.NumGoroutine()),
		timers: liveTimers(), descriptors: openFiles(),
	}
}

// resident returns the memory that the process has from the system.
func resident() float64 {
	text, err := os.ReadFile("/proc/self/statm")
	fields := bytes.Fields(text)
	if err != nil || len(fields) < 2 {
		return -1
	}
	pages, err := strconv.ParseFloat(string(fields[1]), 64)
	if err != nil {
		return -1
	}
	return pages * float64(os.Getpagesize())
}

// openFiles counts the file descriptors, but for the one that counts them.
func openFiles() float64 {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return -1
	}
	return float64(len(entries) - 1)
}

// profile is kept, so that taking samples holds no more and more memory.
var profile struct {
	sync.Mutex
	records []runtime.MemProfileRecord
	isTimer map[uintptr]bool // by program counter
}

// ownHeap returns what the profile takes, which grows as new places in the
// code are seen to allocate.
func ownHeap() float64 {
	profile.Lock()
	defer profile.Unlock()
	return float64(cap(profile.records)) * float64(reflect.TypeFor[runtime.MemProfileRecord]().Size())
}

// liveTimers counts the objects that the runtime's newTimer has made and the
// last collection but one has left alive.
func liveTimers() float64 {
	p := &profile
	p.Lock()
	defer p.Unlock()
	if p.isTimer == nil {
		p.isTimer = map[uintptr]bool{}
	}
	n, ok := runtime.MemProfile(p.records, false)
	for !ok {
		p.records = make([]runtime.MemProfileRecord, n+n/4+100)
		n, ok = runtime.MemProfile(p.records, false)
	}
	alive := int64(0)
	for i := range p.records[:n] {
		if r := &p.records[i]; madeByTimer(r.Stack()) {
			alive += r.InUseObjects()
		}
	}
	return float64(alive)
}

func madeByTimer(stack []uintptr) bool {
	for _, pc := range stack[:min(len(stack), 4)] {
		known, seen := profile.isTimer[pc]
		if !seen {
			frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
			known = strings.HasSuffix(frame.Function, "time.newTimer")
			profile.isTimer[pc] = known
		}
		if known {
			return true
		}
	}
	return false
}
