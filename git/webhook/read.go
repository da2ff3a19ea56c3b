package webhook

import (
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
)

const (
	// MaxBody is the largest body that is read, in bytes. A provider may send more for a push of thousands of commits; the
	// next poll finds those.
	MaxBody = 3 << 20
	// roomForBodies bounds, in bytes, what all bodies that are being read take together.
	roomForBodies = 4 * MaxBody
	// patience is how long a request waits for that room.
	patience = 5 * time.Second
	// maxConnections is how many are served at once; others wait to be accepted.
	maxConnections = 256
)

// texts are what is said with a status of read.
var texts = map[int]string{
	http.StatusRequestEntityTooLarge: "body is too large",
	http.StatusServiceUnavailable:    "too many webhooks at once",
	http.StatusBadRequest:            "body ended early",
}

// NewServer returns a server for the receiver, whose limits hold back those who send slowly or without an end.
func NewServer(r *Receiver) *http.Server {
	return &http.Server{
		Handler:           r.Handler(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      20 * time.Second,
		IdleTimeout:       10 * time.Second,
		MaxHeaderBytes:    16 << 10,
	}
}

// Limit returns the listener for such a server: it accepts only so many connections at once.
func Limit(l net.Listener) net.Listener { return netutil.LimitListener(l, maxConnections) }

// read returns the body as it was sent, or the status to refuse it with. What it takes of the room is given back by leave.
// No encoding is undone: what a signature is over is what was sent.
func (r *Receiver) read(w http.ResponseWriter, request *http.Request) (body []byte, leave func(), status int) {
	size := request.ContentLength
	switch {
	case size > MaxBody:
		return nil, func() {}, http.StatusRequestEntityTooLarge
	case size < 0: // it says so at its end
		size = MaxBody
	}
	if !r.acquire(request.Context(), size) {
		return nil, func() {}, http.StatusServiceUnavailable
	}
	leave = func() { r.room.Release(size) }
	body = make([]byte, size)
	n, err := io.ReadFull(http.MaxBytesReader(w, request.Body, MaxBody), body)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		if request.ContentLength > 0 {
			return nil, leave, http.StatusBadRequest
		}
	case err != nil:
		return nil, leave, http.StatusBadRequest
	case request.ContentLength < 0 && !ended(request.Body):
		return nil, leave, http.StatusRequestEntityTooLarge
	}
	return body[:n], leave, 0
}

// ended reports whether nothing follows.
func ended(body io.Reader) bool {
	n, err := body.Read(make([]byte, 1))
	return n == 0 && errors.Is(err, io.EOF)
}
