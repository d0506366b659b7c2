// Package healthz reports on the health checks of a system: in one Snapshot of
// all of them, and over HTTP. It runs no check by itself.
//
//	set.go         the checks, by group
//	snapshot.go    how they stood at one moment: the one fold over statuses and root causes
//	handler.go     the handler
//	page.go        what a request asks for
//	accept.go      in which format it wants that
//	json.go ietf.go text.go prometheus.go    the formats
package healthz
