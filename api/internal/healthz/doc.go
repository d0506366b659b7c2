// Package healthz reports on the health checks of a system: in a Snapshot and
// over HTTP. It registers no checks and runs none.
//
//	set.go         the checks, by group
//	snapshot.go    all results at one moment, with the overall status and the root causes
//	handler.go     the handler and its cache of answers
//	page.go        what a request asks for, and the contents of its page
//	accept.go      the format that a request prefers
//	json.go ietf.go text.go prometheus.go    one format a file
package healthz
