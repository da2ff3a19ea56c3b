package benchdaemon

import (
	"bufio"
	"io"
	"maps"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// Usage is what the process has used so far.
type Usage struct {
	CPU           time.Duration
	RSS           int64          // the most so far, in bytes
	Heap, Stacks  uint64         // in use now, in bytes
	Calls         map[string]int // by verb: GET, LIST, WATCH, APPLY, DRYRUN, WRITE
	Goroutines    int
	Apps, Healthy int
}

// answer says what was used whenever a line comes in, and ends the daemon when none can come any more.
func (w *words) answer(in io.Reader, counter *callCounter, store *status.Store, stop func()) {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		usage := &Usage{Calls: map[string]int{}, Goroutines: runtime.NumGoroutine()}
		var self syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &self); err == nil {
			usage.CPU = time.Duration(self.Utime.Nano() + self.Stime.Nano())
		}
		usage.RSS = mostResident()
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		usage.Heap, usage.Stacks = memory.HeapAlloc, memory.StackInuse
		counter.mu.Lock()
		maps.Copy(usage.Calls, counter.calls)
		counter.mu.Unlock()
		for _, app := range store.Apps() {
			usage.Apps++
			if app.State == sync.Healthy {
				usage.Healthy++
			}
		}
		w.mu.Lock()
		_ = w.out.Encode(Word{At: time.Now(), Usage: usage})
		w.mu.Unlock()
	}
	stop()
}

// mostResident is the most memory that the process has had in use, in bytes; 0 where the system does not say. What getrusage says
// is no less than what the process had that started this one.
func mostResident() int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if amount, found := strings.CutPrefix(line, "VmHWM:"); found {
			kibibytes, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(amount), " kB"), 10, 64)
			return kibibytes << 10
		}
	}
	return 0
}
