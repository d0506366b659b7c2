// Package health holds the owner of a named health check: it runs the check,
// one run at a time, and says how the thing it looks at stands.
//
//	              Register
//	                 │
//	                 ▼          slot free           returned in time
//	 due, asked  ┌─────────┐ ─────────────▶ ┌─────────┐ ───────┐
//	   ┌───────▶ │ waiting │                │ running │        │
//	   │         └─────────┘ ◀────────┐     └─────────┘        │
//	   │                    restarted │  panicked │ │ timeout  │
//	   │                         ┌─────────┐ ◀─────┘ │         │
//	   │                         │ crashed │         ▼         │
//	   │                         └─────────┘ ◀── ┌─────────┐   │
//	┌──────┐                           panicked  │  stuck  │   │
//	│ idle │ ◀────────── returned at last ────── └─────────┘   │
//	└──────┘ ◀─────────────────────────────────────────────────┘
//
// What each phase makes of each input:
//
//	          call (asked)      granted (slot)   result               tick
//	idle      → waiting         -                (none in flight)     due → waiting
//	waiting   joins             → running        (none in flight)     -
//	running   joins             -                → idle or crashed    timeout → stuck
//	stuck     answered at once  -                → idle or crashed    grace over: UNHEALTHY
//	crashed   answered at once  -                (none in flight)     - (a restart → waiting)
//
// And what a run's outcome makes of the status:
//
//	status      success                            failure
//	first       as it came                         UNHEALTHY
//	HEALTHY     as it came                         UNHEALTHY after UnhealthyAfter in a row
//	DEGRADED    as it came                         UNHEALTHY after UnhealthyAfter in a row
//	UNHEALTHY   as it came after HealthyAfter      -
//
// HEALTHY and DEGRADED are both successes. A timeout is a failure; a panic, or
// a check that has not returned a second after its timeout, is UNHEALTHY at
// once, because no further evidence will come from it. The message changes
// with every run.
package health
