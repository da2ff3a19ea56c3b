package lease

import (
	"bytes"
	"fmt"
	"time"

	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// sight is a Lease as it was last seen, by this process's own clock.
type sight struct {
	text    []byte // nil for one that is missing
	record  resourcelock.LeaderElectionRecord
	since   time.Time     // when it was first seen so; zero for never
	longest time.Duration // that somebody was seen to hold it for without a renewal
}

// see takes down what the Lease is like now.
func (s *sight) see(text []byte, record resourcelock.LeaderElectionRecord) {
	if s.since.IsZero() || !bytes.Equal(s.text, text) {
		s.since = time.Now()
	}
	s.text, s.record = text, record
	if record.HolderIdentity != "" {
		s.longest = max(s.longest, time.Duration(record.LeaseDurationSeconds)*time.Second)
	}
}

// released reports whether the holder has let go of the lease, as electors do: for one second nobody holds it.
func (s *sight) released() bool {
	return s.text != nil && s.record.HolderIdentity == "" && s.record.LeaseDurationSeconds == 1
}

// textOf is a record as text, another one after each renewal. That of the library knows the time of a renewal to the second: an
// elector that goes by it counts from the first of several in one.
func textOf(record resourcelock.LeaderElectionRecord) []byte {
	return fmt.Appendf(nil, "%q %d %d %d %d", record.HolderIdentity, record.LeaseDurationSeconds, record.LeaderTransitions,
		record.AcquireTime.UnixMicro(), record.RenewTime.UnixMicro())
}
