package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	// answerTimeout is how long a target may take to answer.
	answerTimeout = 10 * time.Second
	// longestAnswer is how many bytes of an answer are read, which nobody looks at.
	longestAnswer = 64 << 10
	// longestSecret is how many bytes of a file are a URL, a token or a key.
	longestSecret = 16 << 10
)

// retryError is an error that time may heal.
type retryError struct {
	err   error
	after time.Duration // asked for by the target; zero if it did not
}

func (e *retryError) Error() string { return e.err.Error() }
func (e *retryError) Unwrap() error { return e.err }

// message is what is sent, but for the secrets.
type message struct {
	url    *url.URL
	header http.Header
	body   []byte
}

// newClient returns a client that trusts the system's authorities.
func newClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxResponseHeaderBytes = longestAnswer
	return clientOn(transport)
}

// clientOn returns a client that follows no redirect: it would take tokens along.
func clientOn(transport http.RoundTripper) *http.Client {
	return &http.Client{
		Transport: transport, Timeout: answerTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// deliver makes one attempt to tell the target of n.
func (d *desk) deliver(ctx context.Context, n Notice) error {
	m, err := d.target.message(n)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, m.url.String(), bytes.NewReader(m.body))
	if err != nil {
		return errors.New("the URL is not usable")
	}
	request.Header = m.header
	request.Header.Set("User-Agent", "lockstep")
	answer, err := d.client.Do(request)
	if err != nil {
		return &retryError{err: withoutURL(err)}
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.CopyN(io.Discard, answer.Body, longestAnswer) // so that the connection can be used again
	return judge(answer)
}

// withoutURL is an error of a request without its URL, which may be a secret.
func withoutURL(err error) error {
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return failed.Err
	}
	return err
}

// judge says what an answer's status means.
func judge(answer *http.Response) error {
	code := answer.StatusCode
	err := fmt.Errorf("answered %d %s", code, http.StatusText(code))
	switch {
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests, code >= 500:
		return &retryError{err, retryAfter(answer.Header)}
	case code >= 300 && code < 400:
		return fmt.Errorf("%w: redirects are not followed", err)
	case limited403(answer):
		return &retryError{err, retryAfter(answer.Header)}
	}
	return err
}

// limited403 reports whether a 403 is GitHub's way to say that there were too many requests.
func limited403(answer *http.Response) bool {
	return answer.StatusCode == http.StatusForbidden &&
		(answer.Header.Get("Retry-After") != "" || answer.Header.Get("X-RateLimit-Remaining") == "0")
}

// retryAfter is how long the target asks to be left alone.
func retryAfter(header http.Header) time.Duration {
	text := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil && seconds > 0 {
		return min(time.Duration(seconds), longestWait/time.Second) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(at))
	}
	if at, err := strconv.ParseInt(header.Get("X-RateLimit-Reset"), 10, 64); err == nil {
		return max(0, time.Until(time.Unix(at, 0)))
	}
	return 0
}

// secret reads a URL, a token or a key from a file. The error has the file's name and nothing of what is in it.
func secret(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", &retryError{err: err} // it may be on its way
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, longestSecret+1))
	found := strings.TrimSpace(string(text))
	switch {
	case err != nil:
		return "", &retryError{err: err}
	case found == "":
		return "", &retryError{err: fmt.Errorf("%s is empty", file)}
	case len(text) > longestSecret || strings.ContainsAny(found, "\r\n\x00"):
		return "", &retryError{err: fmt.Errorf("%s: want one line", file)}
	}
	return found, nil
}
