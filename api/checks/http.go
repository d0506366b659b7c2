package checks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

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
	Client    *http.Client // default http.DefaultClient; copied
	// FollowRedirects follows redirects to the same scheme, host and port, as Client does (by default at most 10).
	// Any other redirect is the response itself. Default false: every redirect is.
	FollowRedirects bool
}

// HTTP returns a check that sends a GET request to an absolute http or https URL and
// compares the response with want. Its details have the status. Its errors show the
// URL without user, password, query and fragment, and of the response only the code
// of the status.
func HTTP(address string, want Expect) api.Check {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return invalid("HTTP", "address", "must be an absolute http or https URL") // an error of Parse shows passwords
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
	client := *want.Client
	client.Transport = redirects{client.Transport, want.FollowRedirects}
	want.Client = &client
	want.Header = want.Header.Clone()
	return func(ctx context.Context) (api.Details, error) { return want.get(ctx, u) }
}

// redirects is a transport that takes the address out of each redirect that is not
// to be followed, so that the client returns the response as it is.
type redirects struct {
	transport http.RoundTripper // nil: http.DefaultTransport
	follow    bool              // to the same origin
}

// RoundTrip implements http.RoundTripper.
func (r redirects) RoundTrip(req *http.Request) (*http.Response, error) {
	transport := r.transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	to, err := req.URL.Parse(resp.Header.Get("Location"))
	if !r.follow || err != nil || origin(to) != origin(req.URL) {
		resp.Header.Del("Location")
	}
	return resp, nil
}

// origin returns the scheme, host and port of a URL.
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port
}

// get sends the request and returns the result of the check.
func (want *Expect) get(ctx context.Context, u *url.URL) (api.Details, error) {
	shown := (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("GET %s: %w", shown, bare(err))
	}
	if want.Header != nil {
		req.Header = want.Header.Clone()
	}
	resp, err := want.Client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("GET %s: %w", shown, bare(err))
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, want.BodyLimit))
	details := api.Details{"status": resp.StatusCode}
	switch {
	case !want.accepts(resp.StatusCode):
		return details, errors.New(strings.TrimSpace(fmt.Sprint("answered ", resp.StatusCode, " ", http.StatusText(resp.StatusCode))))
	case err != nil:
		return details, fmt.Errorf("reading the body: %w", err)
	case !bytes.Contains(body, []byte(want.Contains)):
		return details, fmt.Errorf("the body does not contain %q", want.Contains)
	}
	return details, nil
}

// bare returns the cause of an error of package url, whose text shows the whole URL.
func bare(err error) error {
	for full := (*url.Error)(nil); errors.As(err, &full); {
		err = full.Err
	}
	return err
}

// accepts reports whether a status is healthy.
func (want *Expect) accepts(status int) bool {
	if want.Status != 0 {
		return status == want.Status
	}
	return status >= 200 && status <= 299
}
