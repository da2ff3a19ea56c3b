package git

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/transport"
)

// errTimeout is the cause of a context that ended because the remote took too long.
var errTimeout = errors.New("remote took too long")

// netError turns what a network operation ended with into an error of this package. It keeps nothing of the text: that
// may be the server's, and may quote a URL.
func netError(ctx context.Context, err error) error {
	if at, ok := ctx.Deadline(); ok && !time.Now().Before(at) {
		<-ctx.Done() // a deadline of the connection may come a moment before that of the context
	}
	switch cause := context.Cause(ctx); {
	case err == nil:
		return nil
	case errors.Is(cause, errTimeout):
		return fail(ErrUnavailable, "no full answer from the server in time: try again later, or give it more")
	case cause != nil:
		return cause
	}
	err = unwrap(err)
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	if errors.Is(err, transport.ErrEmptyRemoteRepository) {
		return fail(ErrNoCommits, "no commits yet: push to the repository")
	}
	if e, ok := errors.AsType[*packp.ErrUnexpectedData](err); ok && bytes.Contains(e.Data, []byte("object-format=sha256")) {
		return errSHA256
	}
	if failed := tlsError(err); failed != nil {
		return failed
	}
	if text := netReason(err); text != "" {
		return fail(ErrUnavailable, "%s: try again later", text)
	}
	return answerError(err)
}

// answerError is what netError returns where the network has done its part, and the answer is not as it should be.
func answerError(err error) error {
	if strings.Contains(err.Error(), "malformed HTTP") {
		return errNotHTTP
	}
	if text := misled(err); text != "" {
		return fail(ErrUnavailable, "server redirects %s", text)
	}
	// Go-git keeps the text of the one, and makes the other of it where a line of the protocol should begin.
	if strings.HasSuffix(err.Error(), io.ErrUnexpectedEOF.Error()) || errors.Is(err, pktline.ErrInvalidPktLen) {
		return errEnds
	}
	if strings.HasPrefix(err.Error(), brokenOff) {
		return errBrokenOff
	}
	return fail(errProtocol, "server's answer cannot be read as git's protocol: check the address, and what stands between")
}

// brokenOff begins an error of go-git's that goes on with what a server said as it broke off a pack.
const brokenOff = "unexpected error: "

var errEnds = fail(errProtocol, "server's answer ends in the middle, or is not of git's protocol: check the address, what stands between, "+
	"and the server's log")

var errBrokenOff = fail(errProtocol, "server broke off what it was sending: its repository may be damaged, its log says why")

// misled says what is wrong with a redirect, if that is the matter. The libraries have no types for it, and quote where it led to.
func misled(err error) string {
	for _, about := range []struct{ words, text string }{
		{"redirect: changes scheme from \"https\"", "from https to what anybody can read on the way: that is not followed"},
		{"redirect: changes scheme", "from http to https: give the address with https"},
		{"redirect on non-initial", "what it was asked for after the list of refs: give the address that it leads to"},
		{"redirect", misledAnywhere},
		{"Location header", misledAnywhere},
		{"unsupported protocol scheme", misledAnywhere},
	} {
		if strings.Contains(err.Error(), about.words) {
			return about.text
		}
	}
	return ""
}

const misledAnywhere = "in a circle, or to what is no address of a git repository: check the address"

var errNotHTTP = fail(ErrUnavailable, "server does not answer in HTTP/1.1: check the address and the port, and have what stands there speak it beside HTTP/2")

// errProtocol is the kind of a failure that says nothing about the network: asking in another way may help.
var errProtocol = protocolError{}

type protocolError struct{}

func (protocolError) Error() string        { return "protocol error" }
func (protocolError) Is(target error) bool { return target == ErrUnavailable }

// unwrap goes through the wrappers of go-git that errors.Is and errors.As cannot see through.
func unwrap(err error) error {
	for {
		if e, ok := errors.AsType[*plumbing.UnexpectedError](err); ok {
			err = e.Err
		} else if e, ok := errors.AsType[*plumbing.PermanentError](err); ok {
			err = e.Err
		} else if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err
		} else {
			return err
		}
	}
}

// netReason says in a few words why a connection failed; it is empty when it did not.
func netReason(err error) string {
	if e, ok := errors.AsType[*net.OpError](err); ok && (e.Op == opProxy || e.Op == opSOCKS) {
		return "proxy: " + cmp.Or(netReason(e.Err), "connection failed")
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		if e.IsNotFound {
			return "host name not found"
		}
		return "host name cannot be looked up"
	}
	if e, ok := errors.AsType[syscall.Errno](err); ok {
		return e.Error()
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return "connection failed"
	}
	return ""
}
