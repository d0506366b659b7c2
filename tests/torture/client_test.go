package torture

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/understudy-go/understudy/api"
)

// client is one goroutine of a history. It does random operations.
type client struct {
	*history
	id      int
	b       *api.Breaker
	random  *rand.Rand
	mix     mix
	bubble  bool // time is virtual, so the client may sleep
	holding []held
}

// mix is how often a client does each operation, and how its calls end.
type mix struct {
	fail, ignore, crash int // of 100 calls: failures, ignored outcomes, panics and Goexits
	acquire, timeout    int // of 100 calls: by Acquire and Done, or inside a Timeout
	leave, quit         int // of 100 calls: their caller leaves while they wait for admission, or run
	read, stats         int // of 100 operations
	control, configure  int // of 100 operations
}

// held is a permit that has not been reported yet.
type held struct {
	permit *api.Permit
	ctx    *callerCtx
	call   int
	since  time.Time
}

// act does that many operations, and then reports all permits.
func (c *client) act(operations int) {
	for range operations {
		c.one()
	}
	for _, p := range c.holding {
		c.giveBack(p)
	}
}

func (c *client) one() {
	n := c.random.IntN(100)
	pick := func(share int) bool { n -= share; return n < 0 }
	switch {
	case pick(c.mix.read):
		c.read()
	case pick(c.mix.stats):
		c.stats()
	case pick(c.mix.control):
		c.control()
	case pick(c.mix.configure):
		c.reconfigure()
	case len(c.holding) > 0 && c.random.IntN(2) == 0:
		i := c.random.IntN(len(c.holding))
		p := c.holding[i]
		c.holding = append(c.holding[:i], c.holding[i+1:]...)
		c.giveBack(p)
	default:
		c.call()
	}
}

func (c *client) call() {
	id := int(c.calls.Add(1) - 1)
	if id >= maxCalls {
		return
	}
	n := c.random.IntN(100)
	switch {
	case n < c.mix.acquire:
		c.acquire(id)
	case n < c.mix.acquire+c.mix.timeout:
		ctx := c.ctx()
		ctx.stay() // else such a call would end at once
		c.run(id, ctx, c.ending(), api.Compose(api.Timeout(time.Hour), c.b))
	default:
		ctx, how := c.ctx(), c.ending()
		if how == endGoexit {
			over := make(chan struct{})
			go func() { defer close(over); c.run(id, ctx, how, nil) }() // ends with the call
			<-over
			return
		}
		c.run(id, ctx, how, nil)
	}
}

// run makes one call under the breaker, or under a timeout around it. It records two
// operations: admission and result.
func (c *client) run(id int, ctx *callerCtx, how ending, timeout api.Policy) {
	admit := c.begin(c.id, opAdmit)
	admit.call = id
	c.admits[id].Store(admit)
	var result *operation
	defer func() {
		r := recover()
		if r != nil && r != any("a bug") {
			panic(r)
		}
		if result != nil {
			c.end(result)
		}
	}()
	fn := func(context.Context) error {
		c.end(admit)
		slow := c.dwell()
		result = c.begin(c.id, opResult)
		result.call, result.slow, result.ending, result.detached = id, slow, how, timeout != nil
		c.result(result, ctx)
		switch how {
		case endPanic:
			panic("a bug")
		case endGoexit:
			runtime.Goexit()
		}
		return endings[how].err
	}
	var err error
	if timeout != nil {
		err = api.Run(ctx, timeout, fn)
	} else {
		err = c.b.Run(ctx, fn)
	}
	if result == nil {
		c.refused(admit, err)
	}
}

// result records whether the caller of a call has left, or makes it leave. The call may
// be over for the caller then, so its goroutine uses the client no longer.
func (c *client) result(op *operation, ctx *callerCtx) {
	op.gone = ctx.stay()
	end := c.quits()
	if op.gone == nil && end != nil {
		op.gone = end
		ctx.end(end)
	}
}

func (c *client) refused(admit *operation, err error) {
	c.end(admit)
	errors.As(err, &admit.refused)
	admit.note(err)
}

func (o *operation) note(err error) {
	o.shutdown, o.crashed = errors.Is(err, api.ErrShutdown), errors.Is(err, api.ErrCrashed)
	o.cancelled = o.kind == opAdmit && errors.Is(err, context.Canceled)
	if err != nil && !o.shutdown && !o.crashed && !o.cancelled && o.refused == nil {
		panic(err)
	}
}

// dwell spends some time inside a call, and reports whether the call is slow.
func (c *client) dwell() (slow bool) {
	limit := c.settings[0].SlowCall
	switch {
	case c.bubble:
		d := time.Duration(c.random.IntN(4)) * time.Millisecond
		time.Sleep(d)
		return limit > 0 && d >= limit
	case limit > 0: // one nanosecond: every call is slow
		for begin := time.Now(); time.Since(begin) == 0; {
		}
	}
	for range c.random.IntN(4) {
		runtime.Gosched()
	}
	return limit > 0
}

func (c *client) acquire(id int) {
	admit := c.begin(c.id, opAdmit)
	admit.call = id
	c.admits[id].Store(admit)
	ctx := c.ctx()
	p, err := c.b.Acquire(ctx)
	if err != nil {
		c.refused(admit, err)
		return
	}
	c.holding = append(c.holding, held{p, ctx, id, time.Now()})
	c.end(admit)
	c.dwell()
}

// giveBack reports a permit, sometimes twice.
func (c *client) giveBack(p held) {
	result := c.begin(c.id, opResult)
	limit := c.history.settings[0].SlowCall
	result.call, result.slow = p.call, limit > 0 && (!c.bubble || time.Since(p.since) >= limit)
	result.ending = c.ending()
	c.result(result, p.ctx)
	if result.ending >= endCancel {
		result.ending = endCancel
		p.permit.Cancel()
	} else {
		p.permit.Done(endings[result.ending].err)
	}
	c.end(result)
	if c.random.IntN(4) == 0 {
		p.permit.Done(errBoom)
		p.permit.Cancel()
	}
}

func (c *client) read() {
	if c.random.IntN(2) == 0 {
		op := c.begin(c.id, opRemaining)
		op.left = c.b.TimeUntilReset()
		c.end(op)
		return
	}
	op := c.begin(c.id, opState)
	op.state = c.b.State()
	c.end(op)
}

func (c *client) stats() {
	op := c.begin(c.id, opStats)
	s, err := c.b.Stats()
	op.stats = s
	c.end(op)
	op.note(err)
}

func (c *client) control() {
	order, do := opReset, c.b.Reset
	switch c.random.IntN(7) {
	case 0:
		order, do = opForceOpen, c.b.ForceOpen
	case 1:
		order, do = opDisable, c.b.Disable
	case 2:
		order, do = opTrip, func() error { return c.b.Trip("") }
	case 3:
		order, do = opTryNow, c.b.TryNow
	}
	op := c.begin(c.id, order)
	err := do()
	c.end(op)
	op.note(err)
}

func (c *client) reconfigure() {
	op := c.begin(c.id, opConfigure)
	op.settings = c.random.IntN(len(c.history.settings))
	err := c.b.Configure(c.history.settings[op.settings])
	c.end(op)
	op.note(err)
}
