// Package retry decides, after each failed attempt, whether to try again and
// how long to wait first.
//
// One actor owns each named policy: its settings, its statistics and the count
// of the retries that its budget granted. The attempts run, and wait, in the
// caller; a call that succeeds at once never talks to the owner. The owner
// asks these questions in this order, and the first "no" ends the call:
//
//	question                                      no: the reason
//	─────────────────────────────────────────────────────────────
//	is the error one to retry?                    not retryable
//	are attempts left?                            attempts
//	would the wait end before the deadline?       deadline
//	has the budget a retry left?                  budget
//
// Otherwise it answers: again, in this much time.
//
//	wait    = InitialDelay × BackoffFactor^(attempt-1), jittered
//	        = RetryAfter, if the error asks for longer
//	        ≤ MaxDelay, always
//	budget  : retries granted in the last Window
//	        ≤ Ratio × calls begun in it + MinPerSecond × Window in seconds
//
// Everything the owner decides is in machine.go, which is pure; the stories in
// testdata show it at work.
package retry
