package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// healthLine fetches a storefront's /health and returns a line that names the
// checks that are not healthy.
func healthLine(client *http.Client, storefront string) (string, error) {
	resp, err := client.Get(storefront + "/health")
	if err != nil {
		return "", plain(err)
	}
	defer resp.Body.Close()
	var answer struct {
		Status string `json:"status"`
		Checks []struct {
			Name    string `json:"name"`
			Status  string `json:"status"`
			Message string `json:"message"`
		} `json:"checks"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return "", fmt.Errorf("decode /health: %w", err)
	}
	var unwell []string
	for _, c := range answer.Checks {
		switch {
		case c.Status == "unknown" && c.Message != "": // "blocked by ..."
			unwell = append(unwell, c.Name+" "+c.Message)
		case c.Status != "healthy":
			unwell = append(unwell, c.Name+" "+c.Status)
		}
	}
	line := fmt.Sprintf("%s, %s", resp.Status, answer.Status)
	if len(unwell) > 0 {
		line += ": " + strings.Join(unwell, ", ")
	}
	return line, nil
}

// readyLine fetches a storefront's /readyz and returns it in a line: "ok", or what
// is wrong.
func readyLine(client *http.Client, storefront string) (string, error) {
	resp, err := client.Get(storefront + "/readyz")
	if err != nil {
		return "", plain(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if err != nil {
		return "", plain(err)
	}
	line := resp.Status
	for text := range strings.Lines(string(body)) {
		if strings.HasPrefix(text, "[-]") {
			line += ", " + strings.TrimSpace(text)
		}
	}
	return line, nil
}
