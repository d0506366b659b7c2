package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// healthLine fetches a storefront's /health and puts the answer into a line
// that names the checks that are not healthy.
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
	var unwell []string
	for _, c := range answer.Checks {
		if c.Status != "healthy" {
			unwell = append(unwell, c.Name+" "+c.Status)
		}
	}
	line := fmt.Sprintf("%s, %s", resp.Status, answer.Status)
	if len(unwell) > 0 {
		line += ": " + strings.Join(unwell, ", ")
	}
	return line, nil
}
