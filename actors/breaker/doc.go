// Package breaker is the circuit breaker: a pure state machine (machine.go; closed.go
// for CLOSED, trial.go for HALF_OPEN), the actor that owns it (owner.go), what the owner
// publishes so that calls rarely need a message (lease.go), and the handle that
// callers use (handle.go). Read machine.go first.
//
//	     ┌──────────┐  FailureThreshold failures in a row,
//	┌───►│  CLOSED  │  or a rate of the window is reached
//	│    └────┬─────┘
//	│         ▼
//	│    ┌──────────┐◄───────────────────┐
//	│    │   OPEN   │                    │ more than HalfOpenFailures trials
//	│    └────┬─────┘                    │ fail, are too slow, or do not
//	│         │ ResetTimeout is over     │ report in time
//	│         ▼                          │
//	│    ┌───────────┐                   │
//	└────┤ HALF_OPEN ├───────────────────┘
//	     └───────────┘
//	HalfOpenMaxCalls trials succeed
//
// What each input does in each state:
//
//	            CLOSED              OPEN                HALF_OPEN
//	call        admitted            refused; once the   a trial, while fewer run
//	                                timeout is over     than are still needed;
//	                                as in HALF_OPEN     else refused
//	success     streak = 0          late                enough of them: CLOSED
//	failure     streak + 1,         late                too many of them: OPEN
//	            perhaps OPEN
//	ignored     only counted        late                frees its place
//	tick        a bucket ends       HALF_OPEN; a probe  overdue trial: as failure
//	                                is asked
//	probed      -                   -                   healthy: as success
//	                                                    unhealthy: as failure
//	                                                    no such check: calls
//	                                                    are the trials
//	Reset       counts cleared      CLOSED              CLOSED
//	ForceOpen   OPEN until Reset    OPEN until Reset    OPEN until Reset
//	Disable     CLOSED until Reset  CLOSED until Reset  CLOSED until Reset
//	Trip        OPEN                -                   OPEN
//	TryNow      -                   HALF_OPEN           -
//
// Trip and TryNow do nothing while an operator's ForceOpen or Disable is in force. A
// call made inside a running trial, with its ctx, runs on that trial.
//
// With a probe no call is admitted in HALF_OPEN: the runs of that health check are
// the trials, one after the other.
//
// A result whose permit is of an earlier epoch is late: it is counted in Late and
// has no other effect. The epoch rises with every change of state or mode.
package breaker
