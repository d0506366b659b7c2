package checks

import (
	"fmt"
	"syscall"
	"unsafe"
)

var getDiskFreeSpace = syscall.NewLazyDLL("kernel32.dll").NewProc("GetDiskFreeSpaceExW")

// diskSpace returns the bytes that are free for the user of this process, and the
// total, of the file system of path. The call of Windows needs pointers to its
// results, hence unsafe.
func diskSpace(path string) (free, total uint64, err error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return 0, 0, err
	}
	if err := getDiskFreeSpace.Find(); err != nil {
		return 0, 0, err
	}
	ok, _, err := getDiskFreeSpace.Call(uintptr(unsafe.Pointer(name)),
		uintptr(unsafe.Pointer(&free)), uintptr(unsafe.Pointer(&total)), 0)
	if ok == 0 {
		return 0, 0, fmt.Errorf("disk space of %s: %w", path, err)
	}
	return free, total, nil
}
