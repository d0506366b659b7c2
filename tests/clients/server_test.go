package clients

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// server is a process that this test started, and its log.
type server struct {
	process *os.Process
	ended   chan struct{} // closed when the process has ended
	log     *serverLog
}

// serve starts a program, which the caller stops. It returns when the program has logged
// the words of ready.
func serve(t *testing.T, user, ready, name string, args ...string) *server {
	t.Helper()
	s := &server{ended: make(chan struct{}), log: &serverLog{words: ready, seen: make(chan struct{})}}
	cmd := as(user, executable(t, name), args...)
	cmd.Stdout, cmd.Stderr = s.log, s.log
	require.NoError(t, cmd.Start())
	s.process = cmd.Process
	go func() { // ends with the process
		defer close(s.ended)
		_ = cmd.Wait() // it ended by a signal, as it was told
	}()
	late := time.NewTimer(long)
	defer late.Stop()
	select {
	case <-s.log.seen:
		return s
	case <-s.ended:
	case <-late.C:
		s.stop()
	}
	require.FailNow(t, name+" does not serve", s.log.String())
	return nil
}

// stop ends the process, also one that is suspended, and waits for its end.
func (s *server) stop() {
	for _, signal := range []os.Signal{syscall.SIGINT, syscall.SIGCONT} {
		_ = s.process.Signal(signal) // fails when the process has ended
	}
	<-s.ended
}

// suspend freezes the process: it keeps its connections, and answers nothing.
func (s *server) suspend(t *testing.T) {
	t.Helper()
	require.NoError(t, s.process.Signal(syscall.SIGSTOP))
}

// resume lets a suspended process go on.
func (s *server) resume(t *testing.T) {
	t.Helper()
	require.NoError(t, s.process.Signal(syscall.SIGCONT))
}

// as returns a command that root runs as another user. The kernel ends its process when
// the tests end without doing so.
func as(user, name string, args ...string) *exec.Cmd {
	front := []string{"--pdeathsig", "KILL"}
	if user != "" && os.Getuid() == 0 {
		front = append(front, "--reuid", user, "--regid", user, "--init-groups")
	}
	return exec.Command("setpriv", slices.Concat(front, []string{name}, args)...)
}

// executable returns the path of a program, which may lie outside PATH, where Debian
// puts servers.
func executable(t *testing.T, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	for _, dir := range []string{"/usr/sbin", "/usr/lib/postgresql/*/bin"} {
		if found, _ := filepath.Glob(filepath.Join(dir, name)); len(found) > 0 {
			return found[len(found)-1]
		}
	}
	require.FailNow(t, name+" is not installed; .ci/run installs it")
	return ""
}

// address returns an address of this machine that is free.
func address(t *testing.T) (host, port string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	host, port, err = net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	return host, port
}

// serverLog keeps what a server logs, and closes seen when it contains words.
type serverLog struct {
	mu    sync.Mutex
	text  bytes.Buffer
	words string
	seen  chan struct{}
	done  bool
}

func (l *serverLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	if !l.done && bytes.Contains(l.text.Bytes(), []byte(l.words)) {
		l.done = true
		close(l.seen)
	}
	return len(p), nil
}

func (l *serverLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
