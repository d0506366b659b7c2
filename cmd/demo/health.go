package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// healthLine fetches a storefront's /health and puts the answer into a line.
func healthLine(client *http.Client, storefront string) (string, error) {
	resp, err := client.Get(storefront + "/health")
	if err != nil {
		return "", plain(err)
	}
	defer resp.Body.Close()
	var answer struct {
		Status string `json:"status"`
		Checks []struct {
			Name   string `json:"name"`
			Status string `json:"status"`
		} `json:"checks"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return "", fmt.Errorf("decode /health: %w", err)
	}
	checks := make([]string, len(answer.Checks))
	for i, c := range answer.Checks {
		checks[i] = c.Name + " " + c.Status
	}
	return fmt.Sprintf("%s, %s (%s)", resp.Status, answer.Status, strings.Join(checks, ", ")), nil
}
