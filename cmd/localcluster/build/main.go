package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// errNotBuilt is what -check fails with.
var errNotBuilt = errors.New("the local control plane is not built; run: make cluster-build")

func main() {
	check := flag.Bool("check", false, "build nothing: print the path of the binary, or fail when it is not there")
	flag.Usage = usage
	flag.Parse()
	if err := run(*check, flag.Args()); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n", err)
		os.Exit(1)
	}
}

func usage() {
	_, _ = fmt.Fprint(flag.CommandLine.Output(), `Usage: go run ./build [-check] [ARGUMENTS OF LOCALCLUSTER]

Compiles localcluster if need be, which takes about ten minutes the first time, and runs it with the arguments, such as
up, down or status. Without arguments it prints the path of the binary.

`)
	flag.PrintDefaults()
}

// run builds what is not built, and then becomes the binary when there are arguments for it.
func run(check bool, args []string) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	k, err := key(root)
	if err != nil {
		return err
	}
	s, err := newStore()
	if err != nil {
		return err
	}
	path := s.binary(k)
	if !exists(path) {
		if check {
			return errNotBuilt
		}
		if err := s.build(root, k); err != nil {
			return err
		}
	}
	use(path)
	if len(args) == 0 || check {
		fmt.Println(path)
		return nil
	}
	return become(path, args)
}

// become replaces this process by the binary, so that signals and the exit code are its own.
func become(path string, args []string) error {
	signal.Reset()
	if err := syscall.Exec(path, append([]string{path}, args...), os.Environ()); err != nil {
		return fmt.Errorf("run %s: %w", path, err)
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
