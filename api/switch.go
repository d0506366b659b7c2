package api

import "github.com/understudy-go/understudy/api/internal/pipeline"

// Switch is a Policy that can be exchanged while calls run. A Do or Run keeps, for all
// its attempts, the Policy that it began with. The zero Switch and a nil Policy guard
// nothing: the call just runs. Under a Switch that contains itself, calls do not run
// and return a *ConfigError. Safe for concurrent use.
type Switch struct{ inner pipeline.Switch }

// NewSwitch returns a Switch that holds p.
func NewSwitch(p Policy) *Switch {
	s := &Switch{}
	s.Set(p)
	return s
}

// Set exchanges the Policy for the calls that begin from now on.
func (s *Switch) Set(p Policy) {
	if s != nil {
		s.inner.Set(stageOf(p))
	}
}

func (s *Switch) stage() pipeline.Stage {
	if s == nil {
		return unusable("must not be a nil *Switch")
	}
	return pipeline.Stage{Shape: pipeline.IsSwitch, Switch: &s.inner}
}

// Cooperative returns p with all its Timeouts Cooperative, those that a Switch in p
// holds later included. What an Around or the function itself calls stays as it is.
func Cooperative(p Policy) Policy { return composed{pipeline.Cooperative(stageOf(p))} }
