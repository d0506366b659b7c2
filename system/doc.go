// Package system is the actor runtime. It spawns owners under the supervisor of
// their kind, restarts those that crash, keeps names unique, delivers events to
// subscribers and the log, and stops everything.
//
//	root ─┬─ one supervisor per kind ─┬─ an owner
//	      └─ ...                      └─ ...
//
// The caller of Spawn passes a messages.Kind: the name of the kind, and how its
// owners are restarted.
package system
