package api

import (
	"context"
	"errors"
	"time"

	"github.com/understudy-go/understudy/actors/health"
	"github.com/understudy-go/understudy/messages"
)

// Check reports the health of one thing. A nil error means Healthy, an error from
// Degrade means Degraded, and any other error means Unhealthy. ctx ends after
// CheckConfig.Timeout; a Check must return soon after that. Details are shown with
// the status. The result holds a copy of them, and at most 4 KiB of the error's
// text.
type Check func(ctx context.Context) (Details, error)

// Details holds facts that a check reports, by name. A result holds a copy that JSON
// can encode. Text, numbers, booleans, times and []string keep their types; an error
// becomes its text; any other value becomes its JSON, a json.RawMessage. A value
// that JSON cannot encode becomes text: a number that is not finite as it is
// printed, anything else the name of its type.
//
// A result holds at most 16 KiB of names and values, in the order of the names. A
// value that does not fit becomes text and is cut; those after it are left out, and
// the value of "..." is their number.
type Details = messages.Details

// OnDemand, as a CheckConfig.Interval, means that the check runs only in Register,
// Run and RunAll.
const OnDemand = health.OnDemand

// CheckConfig holds the settings of one health check. The zero value means the
// defaults.
type CheckConfig struct {
	// Timeout is how long a run may take. Default 10 s.
	Timeout time.Duration
	// Interval is the period of the runs in the background, at least 1 ms. Default 10 s; OnDemand: there are none. A
	// period varies by a random ±10 %, which stays the same for five periods; this spreads checks that started together
	// evenly over their Interval. At most SystemConfig.ChecksAtOnce checks run at the same time.
	Interval time.Duration
	// FastInterval is the period while the check is failing or recovering, at least 1 ms. It doubles with each run, up
	// to Interval. Default Interval.
	FastInterval time.Duration
	// Optional means that an UNHEALTHY check makes the system DEGRADED, not UNHEALTHY. Default false.
	Optional bool
	// UnhealthyAfter is how many consecutive failures make the check UNHEALTHY. Default 1.
	UnhealthyAfter int
	// HealthyAfter is how many consecutive successes make an UNHEALTHY check recover. Default 1.
	HealthyAfter int
	// Groups are the groups that the check belongs to. /livez shows the group "live", /readyz the group "ready", and
	// /health/<group> any group. Default {"ready"}; empty but not nil: none.
	Groups []string
	// DependsOn names registered checks that this one depends on. While one of them is UNHEALTHY, this check does not
	// run and is UNKNOWN, "blocked by" that check. Default none.
	DependsOn []string
}

// Check returns the *ConfigError that Register would return for a check with this
// name and these settings, or nil. Only Register knows whether the name is taken and
// whether the checks in DependsOn are registered.
func (c CheckConfig) Check(name string) error { return health.Config(c).Check(name) }

// MarshalJSON returns the settings as JSON: names in snake_case, and durations like
// "30s"; OnDemand is "on demand".
func (c CheckConfig) MarshalJSON() ([]byte, error) { return asJSON(c) }

// MarshalYAML returns what a YAML encoder writes for the settings, as in JSON.
func (c CheckConfig) MarshalYAML() (any, error) { return asYAML(c) }

// CheckResult is the last known result of one health check.
type CheckResult struct {
	Name      string
	Status    Status
	Message   string        // the reason for the status; empty if there is none
	Latency   time.Duration // of the last run that returned or timed out
	Details   Details       // facts from the check; read only
	Timestamp time.Time     // when that run returned or timed out; zero: no result yet
	Age       time.Duration // how old the result was when it was read
	BlockedBy string        // the UNHEALTHY check that this one depends on; empty: none
	Changes   []CheckChange // the last 16 changes of the status, the oldest first
	Flapping  bool          // the status changed 5 times or more within 20 intervals (OnDemand: 10 min)
	Restarts  int           // how often the supervisor restarted the check after a panic
	LastRun   Status        // the status of the last run alone, whatever UnhealthyAfter and HealthyAfter
}

// CheckChange is one change of a check's status.
type CheckChange struct {
	From, To Status
	At       time.Time
	Lasted   time.Duration // how long the status had been From
	Failures int           // consecutive failures before a change to UNHEALTHY or a recovery; else 0
	Message  string        // the reason; for a recovery "recovered after 3 failures, 42.0s"
}

// checkResult converts a result to the type that users see.
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

// Ping returns a Check that is Healthy if fn returns nil, for functions such as
// (*sql.DB).PingContext. For a nil fn it returns nil, which Register refuses.
func Ping(fn func(context.Context) error) Check {
	if fn == nil {
		return nil
	}
	return func(ctx context.Context) (Details, error) { return nil, fn(ctx) }
}

// errNotHealthy is the error of a Bool check whose function returned false.
var errNotHealthy = errors.New("not healthy")

// Bool returns a Check that is Healthy if fn returns true. For a nil fn it returns
// nil, which Register refuses.
func Bool(fn func(context.Context) bool) Check {
	if fn == nil {
		return nil
	}
	return func(ctx context.Context) (Details, error) {
		if fn(ctx) {
			return nil, nil
		}
		return nil, errNotHealthy
	}
}

// Degrade returns an error that makes a check Degraded: the thing works, but not as
// it should. The error may be wrapped.
func Degrade(message string) error { return health.Degrade(message) }

// Strict returns a Check that is Unhealthy where the given one is Degraded. For a
// nil check it returns nil, which Register refuses.
func Strict(check Check) Check {
	if check == nil {
		return nil
	}
	return func(ctx context.Context) (Details, error) {
		details, err := check(ctx)
		if err != nil { // a new error with the same text is not marked by Degrade
			err = errors.New(err.Error())
		}
		return details, err
	}
}
