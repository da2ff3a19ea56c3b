package main

import (
	"crypto/rand"
	"net"
	"net/netip"
	"os"
	"strings"
)

// identity is the name of this replica: in a pod the pod's, and different each time that it starts.
func identity() string {
	host, err := os.Hostname()
	if err != nil {
		host = "lockstep"
	}
	return host + "_" + strings.ToLower(rand.Text()[:8])
}

// found puts where the other replicas reach this one into its identity, which they read in the Leases:
// host@webhooks,status_unique. An address that is zero is left out.
func (r *replica) found(hooks, status netip.AddrPort) {
	host, unique, cut := strings.Cut(r.identity, "_")
	if !cut || !hooks.IsValid() && !status.IsValid() {
		return
	}
	text := func(at netip.AddrPort) string {
		if !at.IsValid() {
			return ""
		}
		return at.String()
	}
	r.identity = host + "@" + text(hooks) + "," + text(status) + "_" + unique
}

// addressesOf are those in an identity; zero where there is none.
func addressesOf(identity string) (hooks, status netip.AddrPort) {
	_, rest, _ := strings.Cut(identity, "@")
	text, _, _ := strings.Cut(rest, "_")
	first, second, _ := strings.Cut(text, ",")
	hooks, _ = netip.ParseAddrPort(first)
	status, _ = netip.ParseAddrPort(second)
	return hooks, status
}

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
