// Package system owns the actor system: it spawns owners under the supervisor
// of their kind, restarts those that crash, keeps names unique, delivers
// events to subscribers and the log, and stops everything.
//
//	root ─┬─ breaker   restarts at once; a storm of crashes is slowed down
//	      ├─ retry     likewise
//	      └─ check     restarts with back-off, about 1 s doubling to 1 min
package system
