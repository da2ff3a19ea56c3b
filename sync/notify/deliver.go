package notify

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// answerTimeout is how long a target may take to answer.
	answerTimeout = 10 * time.Second
	// longestAnswer is how many bytes of an answer are read.
	longestAnswer = 64 << 10
	// longestExcerpt is how many bytes of an answer are told, where it is no.
	longestExcerpt = 200
	// shortestSecret is how many bytes a part of a URL has at least that is taken for a secret.
	shortestSecret = 8
	// longestSecret is how many bytes of a file are a URL, a token or a key.
	longestSecret = 16 << 10
)

// retryError is an error that time may heal.
type retryError struct {
	err   error
	after time.Duration // asked for by the target; zero if it did not
	alone bool          // it may be the message's alone: the target works
}

func (e *retryError) Error() string { return e.err.Error() }
func (e *retryError) Unwrap() error { return e.err }

// message is what is sent, and what of it is in no error.
type message struct {
	url     *url.URL
	header  http.Header
	body    []byte
	secrets []string
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
		return &retryError{err: m.hidden(withoutURL(err))}
	}
	defer func() { _ = answer.Body.Close() }()
	said, _ := io.ReadAll(io.LimitReader(answer.Body, longestAnswer)) // so that the connection can be used again, too
	return d.target.judge(answer, said, m)
}

// withoutURL is an error of a request without its URL, which may be a secret.
func withoutURL(err error) error {
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return failed.Err
	}
	return err
}

// judge says what an answer means. A token that is refused may be about to be rotated.
func (t Target) judge(answer *http.Response, said []byte, m message) error {
	code := answer.StatusCode
	err := m.hidden(errors.New(strings.TrimSpace(fmt.Sprintf("answered %d %s", code, http.StatusText(code))) + excerpt(said)))
	switch {
	case t.Type == Azure && (code == http.StatusNonAuthoritativeInfo || code == http.StatusFound): // a page to sign in at
		return &retryError{err: fmt.Errorf("answered %d: the token is refused", code)}
	case code >= 200 && code < 300, t.Type == GitLab && isPendingAlready(code, said):
		return nil
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests, code >= 500,
		code == http.StatusUnauthorized:
		return &retryError{err: err, after: retryAfter(answer.Header), alone: code == http.StatusInternalServerError}
	case code >= 300 && code < 400:
		return fmt.Errorf("%w: redirects are not followed", err)
	case limited403(answer, said):
		return &retryError{err: err, after: cmp.Or(retryAfter(answer.Header), time.Minute)}
	}
	return err
}

// isPendingAlready reports whether GitLab refuses that a commit is pending, as it is: a daemon before this one has said so.
func isPendingAlready(code int, said []byte) bool {
	return code == http.StatusBadRequest && bytes.Contains(said, []byte("Cannot transition status via :run from :running"))
}

// limited403 reports whether a 403 is GitHub's way to say that there were too many requests. Of its secondary limits only the text
// tells; it wants to be left alone for a minute then.
func limited403(answer *http.Response, said []byte) bool {
	return answer.StatusCode == http.StatusForbidden && (answer.Header.Get("Retry-After") != "" ||
		answer.Header.Get("X-RateLimit-Remaining") == "0" || bytes.Contains(bytes.ToLower(said), []byte("rate limit")))
}

// excerpt is what a target says of what it does not take, behind a colon and in one line; nothing where that is a page of HTML.
func excerpt(said []byte) string {
	text := oneLine(string(said[:min(len(said), 4*longestExcerpt)]))
	if text == "" || strings.HasPrefix(text, "<") {
		return ""
	}
	return ": " + cut(text, longestExcerpt)
}

// hidden is an error in which a target's answer shows nothing of what is secret in the message.
func (m message) hidden(err error) error {
	text := err.Error()
	for _, secret := range m.secrets {
		text = strings.ReplaceAll(text, secret, "***")
	}
	return errors.New(text)
}

// secretsOf are the parts of a URL that may be all that makes it one.
func secretsOf(u *url.URL) []string {
	secrets := []string{u.String(), u.RequestURI()}
	for _, part := range strings.FieldsFunc(u.RequestURI(), func(r rune) bool { return strings.ContainsRune("/?&=", r) }) {
		if len(part) >= shortestSecret {
			secrets = append(secrets, part)
		}
	}
	return slices.DeleteFunc(secrets, func(s string) bool { return s == "/" })
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
	if is, err := os.Stat(file); err == nil && !is.Mode().IsRegular() {
		return "", &retryError{err: fmt.Errorf("%s: want a file", file)} // to open a pipe could take for ever
	}
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
