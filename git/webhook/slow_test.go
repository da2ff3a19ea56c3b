package webhook_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	stdsync "sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockstep-dev/lockstep/git/webhook"
)

// pipes is a listener of connections within the process, whose time passes at once.
type pipes struct {
	opened chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.opened:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial() net.Conn {
	ours, theirs := net.Pipe()
	p.opened <- theirs
	return ours
}

// served runs a test against the server, at a time of its own.
func served(t *testing.T, test func(*testing.T, *pipes)) {
	synctest.Test(t, func(t *testing.T) {
		p := &pipes{opened: make(chan net.Conn), closed: make(chan struct{})}
		server := webhook.NewServer(webhook.NewReceiver())
		ended := make(chan error)
		go func() { ended <- server.Serve(p) }()
		test(t, p)
		time.Sleep(time.Minute) // by then the server has let go of all connections
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
}

// line is how a request with a body of that length begins.
const line = "POST /hooks/generic HTTP/1.1\r\nHost: lockstep\r\n"

var proofOfNothing = "X-Signature: sha256=" + strings.Repeat("ab", 32) + "\r\n"

func TestWhoSendsSlowlyIsCutOff(t *testing.T) {
	for name, c := range map[string]struct {
		sent  string
		drips string
		most  time.Duration
	}{
		"nothing":            {"", "", 5 * time.Second},
		"headers":            {line, "X-A: a\r\n", 5 * time.Second},
		"a body":             {line + proofOfNothing + "Content-Length: 3000000\r\n\r\n", " ", 10 * time.Second},
		"a body in chunks":   {line + proofOfNothing + "Transfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n", 10 * time.Second},
		"no second request":  {line + "Content-Length: 0\r\n\r\n", "", 10 * time.Second},
		"half of the second": {line + "Content-Length: 0\r\n\r\nPOST", "", 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			served(t, func(t *testing.T, p *pipes) {
				conn := p.dial()
				start := time.Now()
				var sender stdsync.WaitGroup
				sender.Go(func() {
					_, err := io.WriteString(conn, c.sent)
					for err == nil && c.drips != "" {
						time.Sleep(time.Second)
						_, err = io.WriteString(conn, c.drips)
					}
				})
				_, _ = io.Copy(io.Discard, conn)
				if took := time.Since(start); took > c.most+time.Second {
					t.Errorf("cut off after %s", took)
				}
				_ = conn.Close()
				sender.Wait()
			})
		})
	}
}

// answer reads the status of an answer.
func answer(conn net.Conn) (string, error) {
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return "", err
	}
	_ = response.Body.Close()
	return fmt.Sprint(response.StatusCode, " ", response.Header.Get("Retry-After")), nil
}

func TestWhereBodiesTakeAllRoomOthersAreToldToComeBack(t *testing.T) {
	served(t, func(t *testing.T, p *pipes) {
		for range 4 {
			slow := p.dial()
			defer func() { _ = slow.Close() }()
			if _, err := io.WriteString(slow, line+proofOfNothing+"Content-Length: 3145728\r\n\r\n "); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		for _, c := range []struct {
			after time.Duration
			want  string
		}{{5 * time.Second, "503 1"}, {time.Second, "401 "}} { // the slow ones are cut off after 10 seconds
			conn := p.dial()
			if _, err := io.WriteString(conn, line+proofOfNothing+"Content-Length: 2\r\n\r\n{}"); err != nil {
				t.Fatal(err)
			}
			if got, err := answer(conn); got != c.want {
				t.Errorf("answered %s, %v, want %s", got, err, c.want)
			}
			_ = conn.Close()
			time.Sleep(c.after)
		}
	})
}
