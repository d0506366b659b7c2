package checks

import (
	"context"
	"fmt"
	"runtime"
	"runtime/metrics"
	"sync/atomic"
	"time"

	"github.com/understudy-go/understudy/api"
	"github.com/understudy-go/understudy/messages"
)

// Heap returns a check that fails if the objects on the heap, live or not yet swept,
// take more than limit bytes. limit must not be 0. The check does not stop the
// world.
func Heap(limit uint64) api.Check {
	if limit == 0 {
		return invalid("Heap", "limit", messages.MustBeAtLeast(1, limit))
	}
	return func(context.Context) (api.Details, error) {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(sample)
		return compare("heap_bytes", sample[0].Value.Uint64(), limit)
	}
}

// Goroutines returns a check that fails if there are more than limit goroutines.
// limit must be positive.
func Goroutines(limit int) api.Check {
	if limit <= 0 {
		return invalid("Goroutines", "limit", messages.MustBeAtLeast(1, limit))
	}
	return func(context.Context) (api.Details, error) {
		return compare("goroutines", runtime.NumGoroutine(), limit)
	}
}

// Disk returns a check that fails if the file system of path has less than minFree
// bytes free for users without privileges. minFree must not be 0. Its details have
// the free and the total bytes.
func Disk(path string, minFree uint64) api.Check {
	switch {
	case path == "":
		return invalid("Disk", "path", messages.MustNotBeEmpty)
	case minFree == 0:
		return invalid("Disk", "minFree", messages.MustBeAtLeast(1, minFree))
	}
	return func(context.Context) (api.Details, error) {
		free, total, err := diskSpace(path)
		if err != nil {
			return nil, err
		}
		details := api.Details{"free_bytes": free, "total_bytes": total}
		if free < minFree {
			return details, fmt.Errorf("%d bytes are free, below %d", free, minFree)
		}
		return details, nil
	}
}

// Heartbeat checks a loop. The loop calls Beat, and the check fails if it has not
// done so for too long. Make it with NewHeartbeat. Safe for concurrent use.
type Heartbeat struct {
	every time.Duration
	last  atomic.Pointer[time.Time]
}

// NewHeartbeat returns a Heartbeat. Beat must be called at intervals of at most
// every, the first time at most every from now. every must be positive.
func NewHeartbeat(every time.Duration) *Heartbeat {
	h := &Heartbeat{every: every}
	h.Beat()
	return h
}

// Beat reports that the loop is alive.
func (h *Heartbeat) Beat() {
	if h == nil {
		return
	}
	now := time.Now()
	h.last.Store(&now)
}

// Check returns the check to register. Its details have the seconds since the last
// Beat.
func (h *Heartbeat) Check() api.Check {
	switch {
	case h == nil:
		return invalid("Heartbeat", "every", "must come from NewHeartbeat")
	case h.every <= 0:
		return invalid("Heartbeat", "every", messages.MustBeAtLeast(time.Duration(1), h.every))
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
