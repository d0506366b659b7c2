package pipeline

// surroundings is what is around a stage in its line. Beyond an Around, which is the
// user's code, nothing is known.
type surroundings struct {
	timeout bool // there is a timeout
	ends    ends
}

// of returns the surroundings of the stage inside s.
func (in surroundings) of(s *Stage) surroundings {
	switch {
	case s.Shape == IsAround:
		return surroundings{}
	case s.Shape == IsRetry:
		in.ends = min(in.ends, onSuccess)
	case s.Shape == IsTimeout:
		in.timeout = true
		if !s.Timeout.Cooperative {
			in.ends = always
		}
	}
	return in
}

// ends is whether the return of a call inside the line of a hard timeout is the
// return of the whole call under it: nothing of the user's runs in between.
type ends uint8

const (
	never     ends = iota // there is no hard timeout
	onSuccess             // there is a loop in between
	always
)

// with reports whether a call that returned err ends the whole call.
func (e ends) with(err error) bool { return e == always || e == onSuccess && err == nil }
