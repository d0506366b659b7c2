package checks

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/understudy-go/understudy/api"
	"github.com/understudy-go/understudy/messages"
)

// Expect describes the request of HTTP and the response that is healthy. The zero
// value expects any status from 200 to 299.
type Expect struct {
	Status    int          // the only healthy status; default: 200 to 299
	Contains  string       // the body must contain this within BodyLimit; default: any body
	BodyLimit int64        // bytes of the body to read; a longer body is not a failure; default 64 KiB
	Header    http.Header  // sent with the request
	Client    *http.Client // default http.DefaultClient
}

// HTTP returns a check that sends a GET request to an absolute http or https URL and
// compares the response with want. Its details have the status.
func HTTP(address string, want Expect) api.Check {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return invalid("HTTP", "address", err.Error())
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return invalid("HTTP", "address", "must be an absolute http or https URL")
	case want.Status != 0 && (want.Status < 100 || want.Status > 599):
		return invalid("HTTP", "Status", messages.MustBeFrom(100, 599, want.Status))
	case want.BodyLimit < 0:
		return invalid("HTTP", "BodyLimit", messages.MustNotBeNegative(want.BodyLimit))
	}
	if want.BodyLimit == 0 {
		want.BodyLimit = 64 << 10
	}
	if want.Client == nil {
		want.Client = http.DefaultClient
	}
	want.Header = want.Header.Clone()
	return func(ctx context.Context) (api.Details, error) { return want.get(ctx, address) }
}

// get sends the request and returns the result of the check.
func (want *Expect) get(ctx context.Context, address string) (api.Details, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	if want.Header != nil {
		req.Header = want.Header.Clone()
	}
	resp, err := want.Client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, want.BodyLimit))
	details := api.Details{"status": resp.StatusCode}
	switch {
	case !want.accepts(resp.StatusCode):
		return details, fmt.Errorf("answered %s", resp.Status)
	case err != nil:
		return details, fmt.Errorf("reading the body: %w", err)
	case !bytes.Contains(body, []byte(want.Contains)):
		return details, fmt.Errorf("the body does not contain %q", want.Contains)
	}
	return details, nil
}

// accepts reports whether a status is healthy.
func (want *Expect) accepts(status int) bool {
	if want.Status != 0 {
		return status == want.Status
	}
	return status >= 200 && status <= 299
}
