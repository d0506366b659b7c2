// Package retry decides, after each failed attempt, whether to try again and
// how long to wait first.
//
// An actor owns each named policy: its settings, its statistics, and the count of
// retries that its budget has granted. The attempts, and the waits between them,
// run in the caller's goroutine. A call whose first attempt succeeds sends its
// owner no message. After a failed attempt the owner decides by these questions,
// in this order. The first "no" ends the call:
//
//	question                                      reason if the answer is no
//	────────────────────────────────────────────────────────────────────────
//	may the error be retried?                     not retryable
//	are attempts left?                            attempts
//	does the wait end before the deadline?        deadline
//	does the budget allow another retry?          budget
//
// If all answers are "yes" there is another attempt, after a wait.
//
//	wait    = InitialDelay × BackoffFactor^(attempt-1), jittered
//	        = RetryAfter, if the error asks for a longer wait
//	        ≤ MaxDelay, always
//	budget  : retries granted in the last Window
//	        ≤ Ratio × calls begun in it + MinPerSecond × Window in seconds
//
// All decisions are in machine.go, which is pure. The stories in testdata are its
// examples.
package retry
