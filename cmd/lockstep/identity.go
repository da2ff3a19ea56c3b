package main

import (
	"crypto/rand"
	"net"
	"net/netip"
	"os"
	"strings"

	"github.com/lockstep-dev/lockstep/sync/status"
)

// identity is who this replica is, before it is known where others reach it.
func identity() string {
	host, err := os.Hostname()
	if err != nil {
		host = "lockstep"
	}
	return status.Identity{Host: host, Unique: strings.ToLower(rand.Text()[:8])}.String()
}

// found puts where the other replicas reach this one into its identity, which they read in the Leases. An address that is zero is
// left out.
func (r *replica) found(hooks, api netip.AddrPort) {
	is := r.is()
	is.Webhooks, is.Status = hooks, api
	r.identity = is.String()
}

// is is who this replica is.
func (r *replica) is() status.Identity { return status.ParseIdentity(r.identity) }

// reachable is where others reach a listener of this process: in a pod at the pod's address. The zero address where there is no
// listener, or that is not known.
func reachable(listener net.Listener) netip.AddrPort {
	if listener == nil {
		return netip.AddrPort{}
	}
	tcp, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	at := tcp.AddrPort()
	if !at.Addr().IsUnspecified() {
		return at
	}
	pod, err := netip.ParseAddr(os.Getenv("POD_IP"))
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(pod, at.Port())
}
