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
//	wait    = InitialDelay × BackoffFactor^(attempt-1), or Backoff, jittered
//	        = RetryAfter, if the error or a refusal asks for a longer wait
//	        ≤ MaxDelay, always
//	budget  : retries granted in the last Window
//	        ≤ Ratio × calls begun in it + MinPerSecond × Window in seconds
//
// What is not asked of the owner runs the user's code, in the caller: whether the
// error may be retried (Retryable, Classify), and the wait of a Backoff. If the
// settings are replaced meanwhile, the owner decides nothing and the caller asks
// again. A call that gives up returns the last error of an attempt that was not
// refused, so that an open circuit does not hide what opened it.
//
// All decisions are in machine.go, which is pure. The stories in testdata are its
// examples.
package retry
