// Package footprint keeps a daemon that runs for months small.
package footprint

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// How much garbage there may be to what is in use, in percent. The default of Go, 100, doubles what a thousand apps need. A small
// heap has room all the same: the collector would run with every few apps that are applied, and take the processor from them.
const (
	least = 60
	most  = 200
	room  = 16 << 20 // bytes
)

// Shrink has the heap grow to no more than three fifths more than is in use, or by 16 MiB where that is more, unless the
// environment's GOGC says how much it may. It is for the whole process.
func Shrink() {
	if os.Getenv("GOGC") == "" {
		follow(0)
	}
}

// follow sets the share anew, and again with every cycle of the collector: what nobody holds is gone then.
func follow(before int) {
	percent := share(live())
	if percent != before {
		debug.SetGCPercent(percent)
	}
	runtime.AddCleanup(&struct{ _ [64]byte }{}, follow, percent)
}

// share is how much garbage there may be beside that many bytes in use, in steps of ten percent.
func share(inUse uint64) int {
	percent := room * 100 / max(inUse, 1)
	return int(min(max(percent/10*10, least), most))
}

// live is how many bytes were in use at the end of the last cycle; 0 before the first.
func live() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}
