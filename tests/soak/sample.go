package main

import (
	"bytes"
	"os"
	"reflect"
	"runtime"
	"strconv"
	"sync"
	"time"
)

// sample is what the process holds at one moment. A quantity that this system does
// not report is -1.
type sample struct {
	at          time.Duration // since the start
	heap        float64       // bytes of live objects after a garbage collection, without the sampler's and the registry
	registry    float64       // bytes of the actor library's registry: it has 32,768 shards and keeps each that was used once
	rss         float64       // bytes of resident memory (Linux), without the memory profile and the registry
	goroutines  float64
	timers      float64 // live time.Timers, Tickers and AfterFuncs, without those of time.Sleep
	descriptors float64 // open files and sockets (Linux)
}

// Every allocation is recorded, so that timers can be counted: the runtime does
// not report their number.
func init() { runtime.MemProfileRate = 1 }

// take takes a sample. A memory profile is that of the last collection but one, so
// take collects twice.
func take(at time.Duration) sample {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	timers, registry := profiled()
	s := sample{
		at: at, heap: float64(m.HeapAlloc) - ownHeap() - registry, registry: registry, rss: resident(),
		goroutines: float64(runtime.NumGoroutine()), timers: timers, descriptors: openFiles(),
	}
	if s.rss >= 0 {
		s.rss -= registry + float64(m.BuckHashSys)
	}
	return s
}

// resident returns the resident memory of the process, or -1.
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

// openFiles returns the number of file descriptors, except the one it uses itself,
// or -1.
func openFiles() float64 {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return -1
	}
	return float64(len(entries) - 1)
}

// profile is reused, so that samples themselves take no additional memory.
var profile struct {
	sync.Mutex
	records []runtime.MemProfileRecord
	makers  map[uintptr]maker // by program counter
}

// maker is what a place in the code allocates.
type maker uint8

const (
	other maker = iota
	timer
	registry
)

var makers = map[string]maker{
	"time.newTimer": timer,
	"github.com/orcaman/concurrent-map.ConcurrentMap.SetIfAbsent": registry,
}

// ownHeap returns the bytes of the profile, which grows with the number of places
// in the code that allocate.
func ownHeap() float64 {
	profile.Lock()
	defer profile.Unlock()
	return float64(cap(profile.records)) * float64(reflect.TypeFor[runtime.MemProfileRecord]().Size())
}

// profiled returns the number of timers and the bytes of the registry that were
// alive after the last collection but one.
func profiled() (timers, bytes float64) {
	p := &profile
	p.Lock()
	defer p.Unlock()
	if p.makers == nil {
		p.makers = map[uintptr]maker{}
	}
	n, ok := runtime.MemProfile(p.records, false)
	for !ok {
		p.records = make([]runtime.MemProfileRecord, n+n/4+100)
		n, ok = runtime.MemProfile(p.records, false)
	}
	for i := range p.records[:n] {
		switch r := &p.records[i]; madeBy(r.Stack()) {
		case timer:
			timers += float64(r.InUseObjects())
		case registry:
			bytes += float64(r.InUseBytes())
		}
	}
	return timers, bytes
}

// madeBy returns the maker among the innermost calls of a stack. The first of
// these are calls in the runtime.
func madeBy(stack []uintptr) maker {
	for _, pc := range stack[:min(len(stack), 12)] {
		m, seen := profile.makers[pc]
		if !seen {
			frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
			m = makers[frame.Function]
			profile.makers[pc] = m
		}
		if m != other {
			return m
		}
	}
	return other
}
