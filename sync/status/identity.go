package status

import (
	"net/netip"
	"strings"
)

// Identity is a replica, and where the others reach it, as they read it in the Leases: host@webhooks,status_unique, where
// "@webhooks,status" and either address may be missing.
type Identity struct {
	Host             string         // in a pod the pod's name
	Unique           string         // different each time that it starts
	Webhooks, Status netip.AddrPort // zero where it cannot be reached
}

// String returns the text of an Identity.
func (i Identity) String() string {
	if !i.Webhooks.IsValid() && !i.Status.IsValid() {
		return i.Name()
	}
	text := func(at netip.AddrPort) string {
		if !at.IsValid() {
			return ""
		}
		return at.String()
	}
	return i.Host + "@" + text(i.Webhooks) + "," + text(i.Status) + "_" + i.Unique
}

// Name is what a person reads: host_unique.
func (i Identity) Name() string {
	if i.Unique == "" {
		return i.Host
	}
	return i.Host + "_" + i.Unique
}

// ParseIdentity reads an Identity from its text. One that some other program has written into a Lease has a host alone.
func ParseIdentity(text string) Identity {
	last := strings.LastIndex(text, "_") // a host may have one, too
	if last < 0 {
		return Identity{Host: text}
	}
	host, addresses, _ := strings.Cut(text[:last], "@")
	i := Identity{Host: host, Unique: text[last+1:]}
	hooks, status, _ := strings.Cut(addresses, ",")
	i.Webhooks, _ = netip.ParseAddrPort(hooks) // what is none is zero
	i.Status, _ = netip.ParseAddrPort(status)
	return i
}
