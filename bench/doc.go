// Package bench measures understudy: how long each path takes and what it
// allocates. Run it with
//
//	go test -bench . ./bench
//
// bench/rivals compares understudy with other libraries, and bench/load puts a
// whole service under load. Both are modules, so that users of understudy do not
// get their dependencies.
package bench
