package checks

import (
	"context"
	"fmt"
	"runtime"
	"runtime/metrics"
	"sync/atomic"
	"time"

	"github.com/understudy-go/understudy/api"
)

// Heap fails when the objects on the heap, live or not yet swept, take more
// than most bytes. It does not stop the world.
func Heap(most uint64) api.Check {
	if most == 0 {
		return refused("Heap", "most", "is 0")
	}
	return func(context.Context) (api.Details, error) {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(sample)
		return limit("heap_bytes", sample[0].Value.Uint64(), most)
	}
}

// Goroutines fails when there are more than most goroutines.
func Goroutines(most int) api.Check {
	if most <= 0 {
		return refused("Goroutines", "most", fmt.Sprintf("is not above 0: %d", most))
	}
	return func(context.Context) (api.Details, error) { return limit("goroutines", runtime.NumGoroutine(), most) }
}

// Disk fails when less than least bytes are free, for users without
// privileges, where path is.
func Disk(path string, least uint64) api.Check {
	switch {
	case path == "":
		return refused("Disk", "path", "is empty")
	case least == 0:
		return refused("Disk", "least", "is 0")
	}
	return func(context.Context) (api.Details, error) {
		free, total, err := diskSpace(path)
		if err != nil {
			return nil, err
		}
		details := api.Details{"free_bytes": free, "total_bytes": total}
		if free < least {
			return details, fmt.Errorf("%d bytes are free, below %d", free, least)
		}
		return details, nil
	}
}

// Heartbeat is a check of something that runs in a loop: the loop calls Beat,
// and the check fails when it has not done so for too long.
type Heartbeat struct {
	every time.Duration
	last  atomic.Pointer[time.Time]
}

// NewHeartbeat returns a heartbeat whose Beat must be called at least once
// every so long, the first time that long from now.
func NewHeartbeat(every time.Duration) *Heartbeat {
	h := &Heartbeat{every: every}
	h.Beat()
	return h
}

// Beat tells that the loop is alive. Safe for concurrent use.
func (h *Heartbeat) Beat() {
	if h == nil {
		return
	}
	now := time.Now()
	h.last.Store(&now)
}

// Check returns the check to register.
func (h *Heartbeat) Check() api.Check {
	switch {
	case h == nil:
		return refused("Heartbeat", "every", "must come from NewHeartbeat")
	case h.every <= 0:
		return refused("Heartbeat", "every", fmt.Sprintf("is not above 0: %v", h.every))
	}
	return func(context.Context) (api.Details, error) {
		silent := time.Since(*h.last.Load())
		details := api.Details{"silent_seconds": silent.Seconds()}
		if silent > h.every {
			return details, fmt.Errorf("no heartbeat for %.1fs, expected every %.1fs", silent.Seconds(), h.every.Seconds())
		}
		return details, nil
	}
}
