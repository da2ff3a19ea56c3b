package git

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/transport"
)

const (
	// maxAdvert bounds the list of refs that a server sends, in bytes: about 400,000 refs.
	maxAdvert = 32 << 20
	// maxPack bounds one pack, in bytes on the disk.
	maxPack = 2 << 30
)

// guard stands between go-git and the network. go-git reads the body of a refusal without a bound and makes it part of
// the error, and takes any empty answer for an empty repository; so only what a git server says gets past the guard,
// and only so much of it.
type guard struct {
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (g guard) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := g.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode/100 == 3 && response.Header.Get("Location") != "" {
		return response, nil
	}
	kind, bound := "advertisement", boundAdvert
	if request.Method == http.MethodPost {
		kind, bound = "result", boundPack
	}
	if err := check(response, kind); err != nil {
		_ = response.Body.Close()
		return nil, err
	}
	body := bufio.NewReader(bound(response.Body))
	response.Body = limited{body, response.Body}
	if err := beginning(kind, body); err != nil {
		_ = response.Body.Close()
		return nil, err
	}
	return response, nil
}

func check(response *http.Response, kind string) error {
	switch code := response.StatusCode; {
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return fail(ErrAuth, "access denied (%d): the repository needs credentials, or these may not read it", code)
	case code == http.StatusNotFound, code == http.StatusGone:
		return fail(ErrNotFound, "repository not found (%d): check the address", code)
	case code == http.StatusProxyAuthRequired:
		return tunnelled(response)
	case code == http.StatusNetworkAuthenticationRequired:
		return errPage
	case code != http.StatusOK:
		return fail(ErrUnavailable, "server answered %s: try again later", strings.TrimSpace(fmt.Sprint(code, " ", http.StatusText(code))))
	}
	want := "application/x-" + transport.UploadPackServiceName + "-" + kind
	switch got, _, _ := strings.Cut(response.Header.Get("Content-Type"), ";"); {
	case strings.EqualFold(strings.TrimSpace(got), "text/html"):
		return errPage
	case got != want:
		return errNoServer
	case response.Header.Get("Content-Encoding") != "": // what was asked for is unpacked, and not told of any more
		return fail(ErrUnavailable, "server's answer is packed in a way that was not asked for: switch that off in what stands between")
	}
	return nil
}

// limited is a body that does not go on for ever.
type limited struct {
	io.Reader
	io.Closer
}

// bounded is a reader that ends in an error of its own rather than go on for ever: what ends early may seem damaged.
type bounded struct {
	io.Reader
	left    int64
	tooMuch error
}

func boundAdvert(from io.Reader) io.Reader { return &bounded{from, maxAdvert, errRefs} }
func boundPack(from io.Reader) io.Reader   { return &bounded{from, maxPack, errPack} }

func (b *bounded) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, b.tooMuch
	}
	n, err := b.Reader.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

var (
	errRefs = fail(ErrTooLarge, "server lists more than %d MiB of refs: have it hide those that nobody follows, as refs/pull "+
		"(uploadpack.hideRefs)", maxAdvert>>20)
	errPack = fail(ErrTooLarge, "server sends more than %d MiB for a commit: have it send the folders that are read alone "+
		"(uploadpack.allowFilter and uploadpack.allowAnySHA1InWant)", maxPack>>20)
)
