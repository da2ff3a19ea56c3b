package controlplane

import (
	"errors"
	"fmt"
	"net"
	"strconv"
)

const loopback = "127.0.0.1"

// ports are those that a cluster listens on, all on the loopback address.
type ports struct{ apiserver, etcd, etcdPeer int }

// freePorts asks the kernel for ports that nobody has. All are open at once, so that they differ.
func freePorts() (p ports, err error) {
	for _, port := range []*int{&p.apiserver, &p.etcd, &p.etcdPeer} {
		l, err := net.Listen("tcp4", net.JoinHostPort(loopback, "0"))
		if err != nil {
			return p, fmt.Errorf("find a free port: %w", err)
		}
		defer func() { _ = l.Close() }()
		addr, ok := l.Addr().(*net.TCPAddr)
		if !ok {
			return p, errors.New("find a free port: no TCP address")
		}
		*port = addr.Port
	}
	return p, nil
}

func httpsURL(port int) string {
	return "https://" + net.JoinHostPort(loopback, strconv.Itoa(port))
}
