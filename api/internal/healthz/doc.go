// Package healthz reports on the health checks of a system: in one Snapshot,
// and over HTTP. It registers no check and runs none.
//
//	set.go         the checks, by group
//	snapshot.go    how they stood at one moment: the one fold over statuses and root causes
//	handler.go     the handler, and the answers that it keeps
//	page.go        what a request asks for, and what its page says
//	accept.go      in which format it wants that
//	json.go ietf.go text.go prometheus.go    the formats, one a file
package healthz
