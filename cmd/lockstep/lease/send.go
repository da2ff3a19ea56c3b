package lease

import "net"

// sendOnce asks may, and then writes p to c.
func sendOnce(c net.Conn, p []byte, may func() bool) (int, error) {
	if !may() {
		return 0, ErrOver
	}
	return c.Write(p)
}
