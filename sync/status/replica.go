package status

import (
	"cmp"
	"slices"
	"strings"
)

// Replica is what one of several daemons is to the others.
type Replica struct {
	Identity string  `json:"identity"`
	Standby  bool    `json:"standby"` // it keeps no app now, and waits until it may
	Warm     bool    `json:"warm"`    // it could begin at once: all repositories have been asked
	Leases   []Lease `json:"leases"`

	// Missing are the leases whose apps are not shown here: nobody holds one, or who does has not answered, or has just begun.
	Missing []string `json:"missing,omitempty"`
	// Silent are the identities of those that hold one of them and were asked, and did not answer.
	Silent []string `json:"silent,omitempty"`
}

// Lease says who may keep apps in step.
type Lease struct {
	Name   string `json:"name"`
	Holder string `json:"holder"` // empty for nobody
}

// String says what a standby waits for.
func (r Replica) String() string {
	var all []string
	for _, l := range r.Leases {
		all = append(all, cmp.Or(ParseIdentity(l.Holder).Name(), "nobody")+" holds "+l.Name)
	}
	return "standby: " + strings.Join(all, ", ")
}

// Lacks says which apps are not shown and why, empty where all are.
func (r Replica) Lacks() string {
	var all []string
	for _, l := range r.Leases {
		switch holder := ParseIdentity(l.Holder).Name(); {
		case !slices.Contains(r.Missing, l.Name):
		case l.Holder == "":
			all = append(all, "nobody is known to hold "+l.Name)
		case slices.Contains(r.Silent, l.Holder) && !ParseIdentity(l.Holder).Status.IsValid():
			all = append(all, holder+", which holds "+l.Name+", does not say where it is asked (its --listen, or POD_IP)")
		case slices.Contains(r.Silent, l.Holder):
			all = append(all, holder+", which holds "+l.Name+", does not answer")
		default:
			all = append(all, holder+" has just taken "+l.Name)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return "not all apps are shown: " + strings.Join(all, "; ")
}

// Keeps reports whether the replica holds a lease, and shows all of its apps.
func (r Replica) Keeps(lease string) bool {
	return slices.Contains(r.Leases, Lease{Name: lease, Holder: r.Identity}) && !slices.Contains(r.Missing, lease)
}

// SetReplica has the status say what this daemon is to others. Until then it is alone.
func (s *Store) SetReplica(read func() Replica) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replica = read
}

// Clear forgets the apps that the Store was made with: each is told of when it is kept here.
func (s *Store) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.apps)
}

// Replica returns what this daemon is to others, nil when it is alone.
func (s *Store) Replica() *Replica {
	s.mu.RLock()
	read := s.replica
	s.mu.RUnlock()
	if read == nil {
		return nil
	}
	is := read()
	return &is
}

// waiting returns what this daemon is to others if it is a standby, else nil.
func (s *Store) waiting() *Replica {
	if is := s.Replica(); is != nil && is.Standby {
		return is
	}
	return nil
}
