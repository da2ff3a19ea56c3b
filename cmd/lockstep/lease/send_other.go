//go:build !unix

package lease

import "net"

// send writes p to c if may says so. Between the system calls that this takes it is not asked.
func send(c net.Conn, p []byte, may func() bool) (int, error) { return sendOnce(c, p, may) }
