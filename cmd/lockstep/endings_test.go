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
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP) // also where whoever runs the tests ignores it
	before := slices.Contains(endings(), os.Signal(syscall.SIGHUP))
	signal.Ignore(syscall.SIGHUP)
	if after := slices.Contains(endings(), os.Signal(syscall.SIGHUP)); after || !before {
		t.Errorf("it ends the process: %t, and %t where it is ignored", before, after)
	}
}
