//go:build poison

package torture

import (
	"strings"
	"sync"

	"github.com/understudy-go/understudy/messages"
)

// These files are for a library that was built to crash on cue: see the variant
// "poisoned" of ./mutants. No user of the library can make an owner of a breaker
// or a retry crash.

// toxin is what is in the food of owners.
var toxin = struct {
	sync.Mutex
	doses   map[string]int // crashes to come
	crashes map[string]int
	lost    map[string]uint64 // results of calls that were crashed on
}{}

func init() {
	messages.Poison = swallow
	forget, lostTo = cleanse, func(name string) uint64 {
		toxin.Lock()
		defer toxin.Unlock()
		return toxin.lost[name]
	}
	antidote = func() {
		toxin.Lock()
		defer toxin.Unlock()
		clear(toxin.doses)
	}
	poison = func(name string) { feed(name, 1) }
	died = func() (n int) {
		toxin.Lock()
		defer toxin.Unlock()
		for _, crashes := range toxin.crashes {
			n += crashes
		}
		return n
	}
	cleanse()
}

// forever is more crashes than any test has patience for.
const forever = 1 << 40

// feed makes an owner crash on its next messages.
func feed(name string, doses int) {
	toxin.Lock()
	defer toxin.Unlock()
	toxin.doses[name] += doses
}

func cleanse() {
	toxin.Lock()
	defer toxin.Unlock()
	toxin.doses, toxin.crashes, toxin.lost = map[string]int{}, map[string]int{}, map[string]uint64{}
}

// crashesOf returns how often an owner has crashed.
func crashesOf(name string) int {
	toxin.Lock()
	defer toxin.Unlock()
	return toxin.crashes[name]
}

// swallow reports whether the owner crashes on the message at hand.
func swallow(name, message string) bool {
	toxin.Lock()
	defer toxin.Unlock()
	if toxin.doses[name] == 0 {
		return false
	}
	toxin.doses[name]--
	toxin.crashes[name]++
	if strings.Contains(message, "messages.Result,") {
		toxin.lost[name]++
	}
	return true
}
