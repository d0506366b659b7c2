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

// fakeGate is a gate that records each outcome with the epoch of its permit.
type fakeGate struct {
	refusal  error
	classify func(error) messages.Outcome

	mu  sync.Mutex
	log []string
}

func (d *fakeGate) Admit(context.Context) (messages.Permit, error) {
	return messages.Permit{Epoch: 7}, d.refusal
}

func (d *fakeGate) Enter(ctx context.Context, _ messages.Permit) context.Context { return ctx }

func (d *fakeGate) Judge(_ context.Context, p messages.Permit, err error) messages.Result {
	r := messages.Result{Permit: p, Err: err}
	switch {
	case d.classify != nil:
		r.Outcome = d.classify(err)
	case err != nil:
		r.Outcome = messages.Failure
	}
	return r
}

func (d *fakeGate) Conclude(ctx context.Context, p messages.Permit, err error) messages.Result {
	r := d.Judge(ctx, p, err)
	d.Settle(r)
	return r
}

func (d *fakeGate) Settle(r messages.Result) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.log = append(d.log, fmt.Sprint(r.Permit.Epoch, " ", r.Outcome))
	return true
}

func (d *fakeGate) Report(context.Context, messages.Result) {}

func (d *fakeGate) settled() []string {
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
		for _, line := range []func(d *fakeGate) *Line{
			func(d *fakeGate) *Line { return New(Stage{Shape: IsGate, Gate: d}) },
			func(d *fakeGate) *Line {
				return New(Stage{Shape: IsTimeout, Timeout: Timeout{Limit: time.Hour}}, Stage{Shape: IsGate, Gate: d})
			},
		} {
			d := &fakeGate{}
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
	d := &fakeGate{refusal: errBoom}
	s := Stage{Shape: IsGate, Gate: d}
	v, err := Do(context.Background(), &s, func(context.Context) (int, error) { t.Error("run"); return 1, nil })
	require.Equal(t, errBoom, err)
	require.Zero(t, v)
	require.Empty(t, d.settled())
}

// A classifier is the user's code, so no lock is held while it runs: an enclosing
// timeout returns at its limit even if a classifier hangs.
func TestAClassifierThatHangsDoesNotDelayATimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var again atomic.Bool
		d := &fakeGate{classify: func(error) messages.Outcome {
			if !again.Swap(true) { // called by the call itself
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
		require.Equal(t, []string{"7 failure"}, d.settled(), "what the call reports later is not counted")
	})
}

func TestAnEntryIsSettledByTheFirstReport(t *testing.T) {
	d := &fakeGate{}
	e := NewEntry(context.Background(), d, messages.Permit{Epoch: 1})
	e.Cancel()
	e.Report(errBoom)
	e.Cancel()
	require.Equal(t, []string{"1 ignored"}, d.settled())
	none := Entry{}
	none.Report(nil)
	none.Cancel()
}

// slowGate counts an outcome only once release is closed.
type slowGate struct {
	fakeGate
	entered, release chan struct{}
}

func (d *slowGate) Settle(r messages.Result) bool {
	close(d.entered)
	<-d.release
	return d.fakeGate.Settle(r)
}

// A timeout that fires while the call reports its outcome returns only once that
// outcome is counted.
func TestAnEntryThatIsBeingSettledIsWaitedFor(t *testing.T) {
	d := &slowGate{entered: make(chan struct{}), release: make(chan struct{})}
	e := NewEntry(context.Background(), d, messages.Permit{Epoch: 1})
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
