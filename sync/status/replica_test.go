package status_test

import (
	"testing"

	"github.com/lockstep-dev/lockstep/sync/status"
)

func TestWhatAReplicaLacksIsToldWithTheReason(t *testing.T) {
	const self, hidden, silent, begins = "a@,10.0.0.1:8080_1", "b_2", "c@,10.0.0.3:8080_3", "d@,10.0.0.4:8080_4"
	is := status.Replica{
		Identity: self, Missing: []string{"one", "two", "three", "four", "five"}, Silent: []string{hidden, silent},
		Leases: []status.Lease{{"zero", self}, {"one", ""}, {"two", hidden}, {"three", silent}, {"four", begins}, {"five", self}},
	}
	const want = "not all apps are shown: nobody is known to hold one; b_2, which holds two, does not say where it is asked " +
		"(its --listen, or POD_IP); c_3, which holds three, does not answer; d_4 has just taken four; a_1 has just taken five"
	if got := is.Lacks(); got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
	for _, l := range is.Leases {
		if got, want := is.Keeps(l.Name), l.Name == "zero"; got != want {
			t.Errorf("it keeps %s: %v", l.Name, got)
		}
	}
	is.Missing = nil
	if got := is.Lacks(); got != "" {
		t.Errorf("it lacks nothing, and says %q", got)
	}
}
