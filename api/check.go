package api

import (
	"context"
	"errors"
	"time"

	"github.com/understudy-go/understudy/actors/health"
	"github.com/understudy-go/understudy/messages"
)

// Check examines one thing. A nil error means Healthy, an error made by Degrade
// Degraded, any other error Unhealthy. Its ctx ends after CheckConfig.Timeout
// and must be honoured. Details are shown beside the status; they must not be
// modified after Check returned.
type Check func(ctx context.Context) (Details, error)

// Details are the facts that a check reports. Values that JSON cannot encode are
// shown as text.
type Details = messages.Details

// OnDemand, as a CheckConfig.Interval, means: run only in Register and when asked.
const OnDemand = health.OnDemand

// CheckConfig holds the settings of one health check. The zero value means the
// defaults.
type CheckConfig struct {
	// Timeout is how long a run may take. Default 10 s.
	Timeout time.Duration
	// Interval is the period in the background. Default 10 s; OnDemand: only when asked. It is jittered by ±10 %; the
	// jitter stays the same for five periods, which spreads checks that began together evenly over their Interval. How
	// many run at once is SystemConfig.ChecksAtOnce.
	Interval time.Duration
	// FastInterval is the period while the check fails or recovers; it doubles up to Interval with each run. Default Interval.
	FastInterval time.Duration
	// Optional makes a failing check turn the system DEGRADED, not UNHEALTHY. Default false.
	Optional bool
	// UnhealthyAfter is how many failures in a row make the check UNHEALTHY. Default 1.
	UnhealthyAfter int
	// HealthyAfter is how many successes in a row make an UNHEALTHY check recover. Default 1.
	HealthyAfter int
	// Groups are the endpoints that show the check. Default {"ready"}; empty but not nil: none.
	Groups []string
	// DependsOn names checks without which this one cannot be healthy. While one of them is UNHEALTHY, this check is
	// "blocked by" it: UNKNOWN, and not run. Default none.
	DependsOn []string
}

// CheckResult is the last known result of one health check.
type CheckResult struct {
	Name      string
	Status    Status
	Message   string        // why; empty when all is well
	Latency   time.Duration // of the last run that ended or timed out
	Details   Details       // facts from the check; read only
	Timestamp time.Time     // when that run ended or timed out; zero: no result yet
	Age       time.Duration // how old it was when it was read
	BlockedBy string        // the check that is UNHEALTHY and on which this one depends; empty: none
	Changes   []CheckChange // of the status, the last 16, oldest first
	Flapping  bool          // the status changed 5 times or more within 20 intervals (OnDemand: 10 min)
	Restarts  int           // how often its supervisor restarted it
	LastRun   Status        // what the last run reported by itself; Status waits for UnhealthyAfter and HealthyAfter
}

// CheckChange is one change of a check's status.
type CheckChange struct {
	From, To Status
	At       time.Time
	Lasted   time.Duration // how long it had been From
	Failures int           // runs that failed in a row until then, when it became UNHEALTHY or recovered
	Message  string        // why; "recovered after 3 failures, 42.0s" when it recovered
}

// checkResult returns a result as users see it.
func checkResult(r health.Result) CheckResult {
	var changes []CheckChange
	for _, c := range r.Changes {
		changes = append(changes, CheckChange(c))
	}
	return CheckResult{
		Name: r.Name, Status: r.Status, Message: r.Message, Latency: r.Latency, Details: r.Details, Timestamp: r.Timestamp,
		Age: r.Age, BlockedBy: r.BlockedBy, Changes: changes, Flapping: r.Flapping, Restarts: r.Restarts, LastRun: r.LastRun,
	}
}

// Ping makes a Check of a function such as (*sql.DB).PingContext.
func Ping(fn func(context.Context) error) Check {
	if fn == nil {
		return nil // which Register refuses
	}
	return func(ctx context.Context) (Details, error) { return nil, fn(ctx) }
}

// errNotHealthy is what Bool makes of false.
var errNotHealthy = errors.New("not healthy")

// Bool makes a Check of a function that returns true when all is well.
func Bool(fn func(context.Context) bool) Check {
	if fn == nil {
		return nil // which Register refuses
	}
	return func(ctx context.Context) (Details, error) {
		if fn(ctx) {
			return nil, nil
		}
		return nil, errNotHealthy
	}
}

// Degrade returns an error that makes a check Degraded: it works, but not as
// it should. It may be wrapped.
func Degrade(message string) error { return health.Degrade(message) }

// Strict returns a check that is Unhealthy where the given one is Degraded. A
// nil check stays nil, which Register refuses.
func Strict(check Check) Check {
	if check == nil {
		return nil
	}
	return func(ctx context.Context) (Details, error) {
		details, err := check(ctx)
		if err != nil { // a new error: Degrade's mark is gone, the words stay
			err = errors.New(err.Error())
		}
		return details, err
	}
}
