//go:build unix

package http_test

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A user presses Ctrl-C again and again. Each press is sent twice, as a shell or a
// process manager may do.
//
// Promise (Health over HTTP and gRPC): A second signal skips the delay of a drain, and the third ends the process. Signals less than a second apart are one.
func TestCtrlC(t *testing.T) {
	for manner, row := range map[string]struct {
		last string // what the program says last
		dies bool   // the signal ends it
	}{
		"polite":   {"Serve returned <nil>", false},
		"stubborn": {"letting work in flight finish", true},
	} {
		t.Run(manner, func(t *testing.T) {
			program := exec.Command(os.Args[0])
			program.Env = append(os.Environ(), service+"="+manner)
			out, err := program.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, program.Start())
			lines := bufio.NewScanner(out)
			await := func(text string) {
				for lines.Scan() {
					if strings.Contains(lines.Text(), text) {
						return
					}
				}
				require.Fail(t, "the program ended", "it never said %q", text)
			}
			await("msg=Serving")
			press := func() {
				_ = program.Process.Signal(syscall.SIGINT) // it may have ended
				_ = program.Process.Signal(syscall.SIGINT)
			}
			press()
			await("readiness says 503")
			stop, pressed := make(chan struct{}), make(chan struct{})
			go func() { // ends with stop; or after one signal, because a polite program soon ends by itself
				defer close(pressed)
				tick := time.NewTicker(20 * time.Millisecond)
				defer tick.Stop()
				if !row.dies {
					<-time.NewTimer(1100 * time.Millisecond).C // a sooner signal would be the first
					_ = program.Process.Signal(syscall.SIGINT)
					return
				}
				for {
					select {
					case <-tick.C:
						press()
					case <-stop:
						return
					}
				}
			}()
			await("a second signal skips the delay")
			await(row.last)
			err = program.Wait()
			close(stop)
			<-pressed
			status := program.ProcessState.Sys().(syscall.WaitStatus)
			require.Equal(t, row.dies, status.Signaled(), "%v", err)
			if row.dies {
				require.Equal(t, syscall.SIGINT, status.Signal())
			}
		})
	}
}
