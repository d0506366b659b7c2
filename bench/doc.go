// Package bench measures understudy: how long each path takes and what it
// allocates. Run it with
//
//	go test -bench . ./bench
//
// Comparisons with other libraries are in bench/rivals, load tests of a whole
// service in bench/load; both are modules of their own, so that nobody who uses
// understudy inherits what they need.
package bench
