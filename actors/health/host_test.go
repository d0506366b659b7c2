package health

import (
	"testing"
	"testing/synctest"

	"github.com/understudy-go/understudy/actors/internal/ownertest"
)

// inHost runs fn in a bubble with a runtime, and stops that after.
func inHost(t *testing.T, fn func(t *testing.T, h *ownertest.Host)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := ownertest.New()
		defer h.Shutdown()
		fn(t, h)
	})
}
