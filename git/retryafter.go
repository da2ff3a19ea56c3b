package git

import (
	"errors"
	"net/http"
	"strconv"
	"time"
)

const (
	// unsaidPause is what a server gets that has had too many requests and does not say for how long.
	unsaidPause = time.Minute
	// longestPause is the most that a server is given, lest a mistake of its own be for good.
	longestPause = time.Hour
)

// RetryAfter returns how long the server wants to be left alone, if err says that it does. Such an error is of the kind
// [ErrUnavailable].
func RetryAfter(err error) (time.Duration, bool) {
	t, ok := errors.AsType[throttledError](err)
	return t.pause, ok
}

// throttledError is the kind of a failure of a server that has had enough.
type throttledError struct{ pause time.Duration }

func (throttledError) Error() string        { return "server asks for a pause" }
func (throttledError) Is(target error) bool { return target == ErrUnavailable }

// throttle makes an error of an answer that asks for a pause, while its headers are there to be read.
type throttle struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (t throttle) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	pause, asked := pauseOf(response)
	if !asked {
		return response, nil
	}
	_ = response.Body.Close()
	// Without the time, so that one trouble reads the same however often it is met.
	return nil, fail(throttledError{pause}, "server answered %d %s: it asks to be left alone for a while", response.StatusCode, http.StatusText(response.StatusCode))
}

// pauseOf reads Retry-After, of those refusals that may carry one: some servers answer 403 to who asks too often.
func pauseOf(response *http.Response) (time.Duration, bool) {
	code, text := response.StatusCode, response.Header.Get("Retry-After")
	switch {
	case code == http.StatusTooManyRequests && text == "":
		return unsaidPause, true
	case text == "" || code != http.StatusForbidden && code != http.StatusTooManyRequests && code < http.StatusInternalServerError:
		return 0, false
	}
	seconds, err := strconv.ParseUint(text, 10, 32)
	if err == nil {
		return min(time.Duration(seconds)*time.Second, longestPause), true
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return unsaidPause, true
	}
	now, err := http.ParseTime(response.Header.Get("Date")) // by the server's own clock
	if err != nil {
		now = time.Now()
	}
	return min(max(at.Sub(now), 0), longestPause), true
}
