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

// Expect tells what HTTP asks with and what a good answer is. The zero value:
// any 2xx within 64 KiB.
type Expect struct {
	Status    int          // this status alone; default: 200 to 299
	Contains  string       // the body must hold this, within BodyLimit; default: anything
	BodyLimit int64        // bytes of the body that are read; default 64 KiB; more is not read, and no failure
	Header    http.Header  // sent with the request
	Client    *http.Client // default http.DefaultClient
}

// HTTP gets a URL and looks at the answer.
func HTTP(address string, want Expect) api.Check {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return refused("HTTP", "address", err.Error())
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return refused("HTTP", "address", "must be an absolute http or https URL")
	case want.Status != 0 && (want.Status < 100 || want.Status > 599):
		return refused("HTTP", "Status", messages.MustBeFrom(100, 599, want.Status))
	case want.BodyLimit < 0:
		return refused("HTTP", "BodyLimit", messages.MustNotBeNegative(want.BodyLimit))
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
	case !want.good(resp.StatusCode):
		return details, fmt.Errorf("answered %s", resp.Status)
	case err != nil:
		return details, fmt.Errorf("reading the body: %w", err)
	case !bytes.Contains(body, []byte(want.Contains)):
		return details, fmt.Errorf("the body does not hold %q", want.Contains)
	}
	return details, nil
}

func (want *Expect) good(status int) bool {
	if want.Status != 0 {
		return status == want.Status
	}
	return status >= 200 && status <= 299
}
