// Package health holds the owner of a named health check. The owner runs the
// check, one run at a time, and publishes its result.
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
// What each input does in each phase:
//
//	          call (asked)      granted (slot)   result               tick
//	idle      → waiting         -                (none in flight)     due → waiting
//	waiting   joins             → running        (none in flight)     -
//	running   joins             -                → idle or crashed    timeout → stuck
//	stuck     answered at once  -                → idle or crashed    grace is over: UNHEALTHY
//	crashed   answered at once  -                (none in flight)     - (a restart → waiting)
//
// What the outcome of a run does to the status:
//
//	status      success                            failure
//	first       the outcome                        UNHEALTHY
//	HEALTHY     the outcome                        UNHEALTHY after UnhealthyAfter in a row
//	DEGRADED    the outcome                        UNHEALTHY after UnhealthyAfter in a row
//	UNHEALTHY   the outcome after HealthyAfter     -
//
// HEALTHY and DEGRADED are both successes. A timeout is a failure. A check that
// panics, or has not returned a second after its timeout, is UNHEALTHY at once,
// because it will not run again for a while. The message changes with every run.
package health
