//go:build linux || darwin

package checks

import "syscall"

// diskSpace returns the bytes that are free for users without privileges, and the
// total, of the file system of path.
func diskSpace(path string) (free, total uint64, err error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(path, &s); err != nil {
		return 0, 0, err
	}
	block := uint64(s.Bsize)
	return uint64(s.Bavail) * block, s.Blocks * block, nil
}
