package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheHealthLineNamesWhoIsNotWell(t *testing.T) {
	for _, row := range []struct {
		code       int
		body, want string
		err        string
	}{
		{200, `{"status":"healthy","checks":[{"name":"a","status":"healthy"}]}`, "200 OK, healthy", ""},
		{200, `{"status":"degraded","checks":[{"name":"a","status":"healthy"},{"name":"b","status":"unhealthy"}]}`,
			"200 OK, degraded: b unhealthy", ""},
		{503, `{"status":"unhealthy","checks":[{"name":"a","status":"unhealthy"},{"name":"b","status":"unknown"}]}`,
			"503 Service Unavailable, unhealthy: a unhealthy, b unknown", ""},
		{200, `{"status":"degraded","checks":[{"name":"a","status":"unhealthy"},{"name":"b","status":"unknown","message":"blocked by a"}]}`,
			"200 OK, degraded: a unhealthy, b blocked by a", ""},
		{200, `?`, "", "decode /health"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(row.code)
			w.Write([]byte(row.body))
		}))
		line, err := healthLine(server.Client(), server.URL)
		server.Close()
		if row.err != "" {
			require.ErrorContains(t, err, row.err)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, row.want, line)
	}
}

func TestTheReadyLineTellsWhatIsWrong(t *testing.T) {
	for _, row := range []struct {
		code       int
		body, want string
	}{
		{200, "ok", "200 OK"},
		{503, "[+]a ok\n[-]shutdown failed: draining\nreadyz check failed\n", "503 Service Unavailable, [-]shutdown failed: draining"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			require.Equal(t, "/readyz", r.URL.Path)
			w.WriteHeader(row.code)
			w.Write([]byte(row.body))
		}))
		line, err := readyLine(server.Client(), server.URL)
		server.Close()
		require.NoError(t, err)
		require.Equal(t, row.want, line)
	}
}
