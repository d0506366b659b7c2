package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.yaml.in/yaml/v3"

	understudy "github.com/understudy-go/understudy/api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// probe is a probe of a container in the manifest.
type probe struct {
	HTTPGet struct {
		Path string
		Port string
	} `yaml:"httpGet"`
}

// manifest is the part of the manifest that must match the program.
type manifest struct {
	Spec struct {
		Template struct {
			Spec struct {
				Grace      int `yaml:"terminationGracePeriodSeconds"`
				Containers []struct {
					Args  []string
					Ports []struct {
						Name          string
						ContainerPort string `yaml:"containerPort"`
					}
					StartupProbe   probe          `yaml:"startupProbe"`
					LivenessProbe  probe          `yaml:"livenessProbe"`
					ReadinessProbe probe          `yaml:"readinessProbe"`
					Lifecycle      map[string]any `yaml:"lifecycle"`
				}
			}
		}
	}
}

func TestTheManifestFitsTheProgram(t *testing.T) {
	text, err := os.ReadFile("deployment.yaml")
	require.NoError(t, err)
	var m manifest
	require.NoError(t, yaml.Unmarshal(text, &m))
	pod := m.Spec.Template.Spec
	require.Len(t, pod.Containers, 1)
	container := pod.Containers[0]

	require.Greater(t, time.Duration(pod.Grace)*time.Second, drainDelay+drainLimit, "the drain has time to end")
	require.Empty(t, container.Lifecycle, "a preStop hook would take its time from the drain's")
	require.Len(t, container.Ports, 1)
	require.Equal(t, []string{"-listen", ":" + container.Ports[0].ContainerPort}, container.Args)

	synctest.Test(t, func(t *testing.T) {
		page := pages(t)
		synctest.Wait() // for the first run of each check
		for path, p := range map[string]probe{
			"/startupz": container.StartupProbe,
			"/livez":    container.LivenessProbe,
			"/readyz":   container.ReadinessProbe,
		} {
			require.Equal(t, path, p.HTTPGet.Path)
			require.Equal(t, container.Ports[0].Name, p.HTTPGet.Port)
			require.Equal(t, http.StatusOK, page(path).Code, path)
		}
	})
}

func TestOnlyALoopThatHangsRestartsThePod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		page := pages(t) // and no heartbeat comes
		time.Sleep(time.Minute)
		require.Equal(t, http.StatusServiceUnavailable, page("/livez").Code)
		require.Equal(t, http.StatusOK, page("/readyz").Code)
	})
}

// pages returns the pages of a system with the program's checks.
func pages(t *testing.T) func(path string) *httptest.ResponseRecorder {
	sys, err := understudy.Start(understudy.SystemConfig{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, sys.Shutdown(context.Background())) })
	require.NoError(t, registerChecks(sys.Health(), newWorker()))
	return func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		sys.Health().Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w
	}
}

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

// The program runs with a real socket, as it does in production.
func TestTheProgramServesItsProbesAndDrains(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	lines := make(logLines, 1000)
	ended := make(chan error)
	go func() { ended <- run(ctx, lines, "127.0.0.1:0", time.Nanosecond) }()
	address := regexp.MustCompile(`address=(\S+)`).FindStringSubmatch(lines.await("Serving"))[1]

	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get("http://" + address + "/livez")
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)

	stop() // as SIGTERM would
	require.NoError(t, <-ended)
}

func TestAPortThatIsTakenEndsTheProgram(t *testing.T) {
	other, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer other.Close()
	err = run(context.Background(), io.Discard, other.Addr().String(), drainDelay)
	require.ErrorContains(t, err, "address already in use")
}
