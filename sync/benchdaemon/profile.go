package benchdaemon

import (
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"time"
)

// profile writes what the daemon spends its time and memory on, to the files cpu.pprof, heap.pprof and, when it was most,
// peak.pprof in the folder that the environment names, if it does.
func profile() (end func()) {
	dir := os.Getenv("LOCKSTEP_BENCH_PROFILE")
	if dir == "" {
		return func() {}
	}
	cpu, err := os.Create(filepath.Join(dir, "cpu.pprof"))
	if err != nil {
		return func() {}
	}
	_ = pprof.StartCPUProfile(cpu)
	over := make(chan struct{})
	go func() {
		var most uint64
		for ticker := time.NewTicker(2 * time.Second); ; {
			select {
			case <-over:
				return
			case <-ticker.C:
			}
			var now runtime.MemStats
			if runtime.ReadMemStats(&now); now.HeapAlloc > most {
				most = now.HeapAlloc
				writeHeap(filepath.Join(dir, "peak.pprof"))
			}
		}
	}()
	return func() {
		close(over)
		pprof.StopCPUProfile()
		_ = cpu.Close()
		runtime.GC()
		writeHeap(filepath.Join(dir, "heap.pprof"))
	}
}

func writeHeap(name string) {
	if heap, err := os.Create(name); err == nil {
		_ = pprof.WriteHeapProfile(heap)
		_ = heap.Close()
	}
}
