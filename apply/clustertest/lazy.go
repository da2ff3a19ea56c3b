package clustertest

import (
	stdsync "sync"
	"testing"
)

// shared is the control plane of this test binary.
var shared lazy

// lazy starts a control plane when it is first asked for.
type lazy struct {
	mu    stdsync.Mutex
	asked bool
	plane *plane
	err   error
}

// get returns the running control plane. A start that failed is not tried again: it would fail each test by itself.
func (l *lazy) get(t testing.TB) *plane {
	t.Helper()
	if testing.Short() {
		t.Skip("needs the local control plane; run without -short")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.asked {
		l.asked = true
		l.plane, l.err = startPlane()
	}
	if l.err != nil {
		t.Fatalf("local control plane: %v", l.err)
	}
	return l.plane
}

func (l *lazy) stop() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.plane == nil {
		return nil
	}
	return l.plane.stop()
}
