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

	// Silent are the identities of those that were asked about their apps, which are missing here, and did not answer.
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
		all = append(all, cmp.Or(nameOf(l.Holder), "nobody")+" holds "+l.Name)
	}
	return "standby: " + strings.Join(all, ", ")
}

// nameOf is an identity without where the others reach the replica.
func nameOf(identity string) string {
	host, rest, _ := strings.Cut(identity, "@")
	if _, unique, found := strings.Cut(rest, "_"); found {
		return host + "_" + unique
	}
	return host
}

// Lacks says which replicas have not answered, empty where all have.
func (r Replica) Lacks() string {
	var all []string
	for _, l := range r.Leases {
		if slices.Contains(r.Silent, l.Holder) {
			all = append(all, nameOf(l.Holder)+" holds "+l.Name)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return "not shown, as it does not answer: what is kept where " + strings.Join(all, ", ")
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
