// Command lockstep parses flags and config, wires everything by named fields, and runs one command; one file a command.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	os.Exit(Main())
}

// Main runs the command line of this process and returns its exit code. The first SIGINT, SIGTERM or SIGHUP asks
// everything to end; a second one ends the process at once, as it would any other.
func Main() int {
	ctx, stop := signal.NotifyContext(context.Background(), endings()...)
	defer stop()
	context.AfterFunc(ctx, stop)
	return execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
}

// endings are the signals that end a process in order: that the terminal is gone as well, unless nohup has said otherwise.
func endings() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}
