package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// logLines receives the lines of the log.
type logLines chan string

func (l logLines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

// await returns the next line that contains text.
func (l logLines) await(text string) string {
	for line := range l {
		if strings.Contains(line, text) {
			return line
		}
	}
	return ""
}

// The service runs with real sockets, as it does in production. A request that is
// in flight when the drain begins is answered.
func TestTheServiceDrainsAndAnswersWhatIsInFlight(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	catalog := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/prices/") {
			close(arrived)
			<-release
		}
		fmt.Fprint(w, `{"cents": 120}`)
	}))
	defer catalog.Close()

	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	lines := make(logLines, 1000)
	ended := make(chan error)
	go func() {
		ended <- run(ctx, lines, options{listen: "127.0.0.1:0", catalog: catalog.URL, delay: time.Nanosecond})
	}()
	address := regexp.MustCompile(`address=(\S+)`).FindStringSubmatch(lines.await("Serving"))[1]

	answered := make(chan string)
	go func() { answered <- get("http://" + address + "/price/apple") }()
	<-arrived
	stop() // as SIGTERM would
	lines.await("letting work in flight finish")
	close(release)
	require.Equal(t, `200 {"item":"apple","cents":120,"stale":false}`, <-answered)
	require.NoError(t, <-ended)
}

func TestAPortThatIsTakenEndsTheService(t *testing.T) {
	other := httptest.NewServer(nil)
	defer other.Close()
	taken := strings.TrimPrefix(other.URL, "http://")
	err := run(context.Background(), io.Discard, options{listen: taken, catalog: other.URL})
	require.ErrorContains(t, err, "address already in use")
}

// get returns the status and the body of a page.
func get(url string) string {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(url)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d %s", response.StatusCode, strings.TrimSpace(string(body)))
}
