//go:build poison

package torture

import (
	"strings"
	"sync"

	"github.com/understudy-go/understudy/messages"
)

// The files with this build tag need a library that was built to crash on
// command: the variant "poisoned" of ./mutants. In the library as it is, no user
// can make the owner of a breaker or a retry crash.

// crashPlan holds the crashes to come and those that have been, by owner.
var crashPlan = struct {
	sync.Mutex
	pending map[string]int // crashes to come
	crashes map[string]int
	lost    map[string]uint64 // results of calls on which the owner crashed
}{}

func init() {
	messages.Poison = mustCrash
	forget, lostTo = clearPlan, func(name string) uint64 {
		crashPlan.Lock()
		defer crashPlan.Unlock()
		return crashPlan.lost[name]
	}
	antidote = func() {
		crashPlan.Lock()
		defer crashPlan.Unlock()
		clear(crashPlan.pending)
	}
	poison = func(name string) { planCrashes(name, 1) }
	died = func() (n int) {
		crashPlan.Lock()
		defer crashPlan.Unlock()
		for _, crashes := range crashPlan.crashes {
			n += crashes
		}
		return n
	}
	clearPlan()
}

// forever is more crashes than any test waits for.
const forever = 1 << 40

// planCrashes makes an owner crash on its next n messages.
func planCrashes(name string, n int) {
	crashPlan.Lock()
	defer crashPlan.Unlock()
	crashPlan.pending[name] += n
}

func clearPlan() {
	crashPlan.Lock()
	defer crashPlan.Unlock()
	crashPlan.pending, crashPlan.crashes, crashPlan.lost = map[string]int{}, map[string]int{}, map[string]uint64{}
}

// crashesOf returns how often an owner has crashed.
func crashesOf(name string) int {
	crashPlan.Lock()
	defer crashPlan.Unlock()
	return crashPlan.crashes[name]
}

// mustCrash reports whether the owner must crash on this message, and counts it.
func mustCrash(name, message string) bool {
	crashPlan.Lock()
	defer crashPlan.Unlock()
	if crashPlan.pending[name] == 0 {
		return false
	}
	crashPlan.pending[name]--
	crashPlan.crashes[name]++
	if strings.Contains(message, "messages.Result,") {
		crashPlan.lost[name]++
	}
	return true
}
