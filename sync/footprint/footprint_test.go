package footprint

import (
	"runtime/debug"
	"testing"
)

func TestTheHeapIsKeptSmallUnlessTheEnvironmentSaysOtherwise(t *testing.T) {
	before := debug.SetGCPercent(100)
	t.Cleanup(func() { debug.SetGCPercent(before) })
	t.Setenv("GOGC", "80")
	if Shrink(); debug.SetGCPercent(100) != 100 {
		t.Error("what the environment says does not count")
	}
	t.Setenv("GOGC", "")
	if Shrink(); debug.SetGCPercent(100) != percent {
		t.Error("the heap may grow as before")
	}
}
