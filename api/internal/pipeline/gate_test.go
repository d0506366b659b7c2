package pipeline

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

// door is a gate that writes down what it is told.
type door struct {
	refusal  error
	classify func(error) messages.Outcome

	mu  sync.Mutex
	log []string
}

func (d *door) Admit(context.Context) (messages.Permit, error) {
	return messages.Permit{Epoch: 7}, d.refusal
}

func (d *door) Classify(err error) messages.Outcome {
	if d.classify != nil {
		return d.classify(err)
	}
	if err != nil {
		return messages.Failure
	}
	return messages.Success
}

func (d *door) Settle(p messages.Permit, outcome messages.Outcome) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.log = append(d.log, fmt.Sprint(p.Epoch, " ", outcome))
}

func (d *door) settled() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.log
}

var errBoom = errors.New("boom")

func TestAGateSettlesEachCallOnce(t *testing.T) {
	for _, row := range []struct {
		name string
		fn   func(context.Context) error
		want string
	}{
		{"a success", func(context.Context) error { return nil }, "7 success"},
		{"a failure", func(context.Context) error { return errBoom }, "7 failure"},
		{"a panic", func(context.Context) error { panic(errBoom) }, "7 failure"},
	} {
		for _, line := range []func(d *door) *Line{
			func(d *door) *Line { return New(Stage{Shape: IsGate, Gate: d}) },
			func(d *door) *Line {
				return New(Stage{Shape: IsTimeout, Timeout: Timeout{Limit: time.Hour}}, Stage{Shape: IsGate, Gate: d})
			},
		} {
			d := &door{}
			func() {
				defer func() { _ = recover() }()
				s := Stage{Shape: IsLine, Line: line(d)}
				_ = Run(context.Background(), &s, row.fn)
			}()
			require.Equal(t, []string{row.want}, d.settled(), row.name)
		}
	}
}

func TestAGateThatRefusesRunsNothing(t *testing.T) {
	d := &door{refusal: errBoom}
	s := Stage{Shape: IsGate, Gate: d}
	v, err := Do(context.Background(), &s, func(context.Context) (int, error) { t.Error("run"); return 1, nil })
	require.Equal(t, errBoom, err)
	require.Zero(t, v)
	require.Empty(t, d.settled())
}

// A classifier is the user's code: it runs under no lock, so that a timeout
// around returns at its limit though a classifier hangs.
func TestAClassifierThatHangsDoesNotHoldATimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var again atomic.Bool
		d := &door{classify: func(error) messages.Outcome {
			if !again.Swap(true) { // the call's own
				<-release
				return messages.Success
			}
			return messages.Failure
		}}
		s := Stage{Shape: IsLine, Line: New(Stage{Shape: IsTimeout, Timeout: Timeout{Limit: time.Second}}, Stage{Shape: IsGate, Gate: d})}
		began := time.Now()
		err := Run(context.Background(), &s, func(context.Context) error { return nil })
		require.ErrorIs(t, err, messages.ErrTimeout)
		require.Equal(t, time.Second, time.Since(began))
		require.Equal(t, []string{"7 failure"}, d.settled())
		close(release)
		synctest.Wait()
		require.Equal(t, []string{"7 failure"}, d.settled(), "what the call says later counts nowhere")
	})
}

func TestAnEntryIsSettledByTheFirstToKnow(t *testing.T) {
	d := &door{}
	e := Enter(d, messages.Permit{Epoch: 1})
	e.Cancel()
	e.Report(errBoom)
	e.Cancel()
	require.Equal(t, []string{"1 ignored"}, d.settled())
	none := Entry{}
	none.Report(nil)
	none.Cancel()
}

// slowDoor counts an outcome when it is released.
type slowDoor struct {
	door
	entered, release chan struct{}
}

func (d *slowDoor) Settle(p messages.Permit, outcome messages.Outcome) {
	close(d.entered)
	<-d.release
	d.door.Settle(p, outcome)
}

// A timeout that fires while the call reports returns when that is in.
func TestAnEntryThatIsBeingSettledIsWaitedFor(t *testing.T) {
	d := &slowDoor{entered: make(chan struct{}), release: make(chan struct{})}
	e := Enter(d, messages.Permit{Epoch: 1})
	go e.Report(nil) // ends with release
	<-d.entered
	seen := make(chan []string)
	go func() { // ends when seen is read
		e.abort(errBoom)
		seen <- d.settled()
	}()
	for range 1000 {
		runtime.Gosched()
	}
	close(d.release)
	require.Equal(t, []string{"1 success"}, <-seen)
}
