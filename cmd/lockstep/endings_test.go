package main

import (
	"os"
	"os/signal"
	"slices"
	"syscall"
	"testing"
)

func TestALostTerminalEndsInOrderUnlessItIsIgnored(t *testing.T) {
	defer signal.Reset(syscall.SIGHUP)
	signal.Reset(syscall.SIGHUP)
	before := slices.Contains(endings(), os.Signal(syscall.SIGHUP))
	signal.Ignore(syscall.SIGHUP)
	if after := slices.Contains(endings(), os.Signal(syscall.SIGHUP)); after || !before {
		t.Errorf("it ends the process: %t, and %t where it is ignored", before, after)
	}
}
