package footprint

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

// is is the share that counts now.
func is() int {
	percent := debug.SetGCPercent(-1)
	debug.SetGCPercent(percent)
	return percent
}

func TestTheHeapIsKeptSmallUnlessTheEnvironmentSaysOtherwise(t *testing.T) {
	before := is()
	t.Cleanup(func() { debug.SetGCPercent(before) })
	t.Setenv("GOGC", "80")
	if Shrink(); is() != before {
		t.Error("what the environment says does not count")
	}
	t.Setenv("GOGC", "")
	runtime.GC()
	if Shrink(); is() != most {
		t.Errorf("a small heap may grow by %d percent", is())
	}
	held := make([]byte, 64<<20)
	deadline := time.After(time.Minute)
	for is() != least {
		runtime.GC() // the share follows in a goroutine of the runtime's
		select {
		case <-deadline:
			t.Fatalf("a heap of %d MiB may grow by %d percent", live()>>20, is())
		default:
			runtime.Gosched()
		}
	}
	runtime.KeepAlive(held)
}

func TestTheShareGoesByWhatIsInUse(t *testing.T) {
	for inUse, want := range map[uint64]int{0: most, 1 << 20: most, 8 << 20: 200, 16 << 20: 100, 20 << 20: 80, 32 << 20: least, 1 << 30: least} {
		if got := share(inUse); got != want {
			t.Errorf("%d MiB: %d percent, want %d", inUse>>20, got, want)
		}
	}
}
