//go:build !linux && !darwin && !windows

package checks

import (
	"errors"
	"runtime"
)

// diskSpace returns an error: it does not support this operating system.
func diskSpace(string) (free, total uint64, err error) {
	return 0, 0, errors.New("free disk space is not known on " + runtime.GOOS)
}
