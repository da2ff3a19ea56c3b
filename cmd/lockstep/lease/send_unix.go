//go:build unix

package lease

import (
	"cmp"
	"errors"
	"io"
	"net"
	"syscall"
)

// send writes p to c as long as may says so, which is asked right before each system call.
func send(c net.Conn, p []byte, may func() bool) (int, error) {
	direct, ok := c.(syscall.Conn)
	if !ok {
		return sendOnce(c, p, may)
	}
	raw, err := direct.SyscallConn()
	if err != nil {
		return 0, err
	}
	sent, failure := 0, error(nil)
	err = raw.Write(func(fd uintptr) (done bool) {
		for sent < len(p) && failure == nil {
			if !may() {
				failure = ErrOver
				break
			}
			n, err := syscall.Write(int(fd), p[sent:])
			switch {
			case errors.Is(err, syscall.EAGAIN):
				return false // it is called again when there is room
			case errors.Is(err, syscall.EINTR):
			case err != nil:
				failure = &net.OpError{Op: "write", Net: c.RemoteAddr().Network(), Addr: c.RemoteAddr(), Err: err}
			case n == 0:
				failure = io.ErrUnexpectedEOF
			default:
				sent += n
			}
		}
		return true
	})
	return sent, cmp.Or(failure, err)
}
