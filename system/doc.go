// Package system is the actor runtime: it spawns owners under the supervisor of
// their kind, restarts those that crash, keeps names unique, delivers events to
// subscribers and the log, and stops everything.
//
//	root ─┬─ one supervisor a kind ─┬─ an owner
//	      └─ ...                    └─ ...
//
// What a kind is called and how its owners are restarted is in the messages.Kind
// that each Spawn brings.
package system
