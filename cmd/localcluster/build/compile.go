package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// kubernetes is the version of k8s.io/kubernetes in go.mod. Its packages learn it from the linker only.
const kubernetes = "1.37.2"

// many packages to compile mean that it is the first time, not a change of a few.
const many = 500

// flags are those of go build and of go list, which must agree for go list to know what is compiled already.
func flags() []string {
	const version = "k8s.io/component-base/version."
	major, rest, _ := strings.Cut(kubernetes, ".")
	minor, _, _ := strings.Cut(rest, ".")
	return []string{"-trimpath", "-ldflags", "-s -w -X " + version + "gitVersion=v" + kubernetes +
		" -X " + version + "gitMajor=" + major + " -X " + version + "gitMinor=" + minor}
}

// compile builds the module in root into the file out, and tells how far it is.
func compile(root, out string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := newProgress(os.Stderr, terminal(os.Stderr))
	p.say("Building the local control plane.")
	stale, err := stalePackages(ctx, root, p)
	if err != nil {
		return err
	}
	if len(stale) > many {
		p.say("The first time this takes about ten minutes.")
	}
	p.start(len(stale))
	cmd := goCommand(ctx, root, append(append([]string{"build", "-v", "-o", out}, flags()...), ".")...)
	var rest []string
	err = follow(cmd, p, func(line string) {
		if stale[line] {
			p.add()
		} else {
			rest = append(rest, line)
		}
	})
	if err != nil {
		return errors.Join(fmt.Errorf("compile: %w", err), errors.New(strings.Join(rest, "\n")))
	}
	p.finish()
	return nil
}

// stalePackages names what has to be compiled, and downloads modules that are missing.
func stalePackages(ctx context.Context, root string, p *progress) (map[string]bool, error) {
	args := append([]string{"list", "-deps", "-f", "{{if .Stale}}{{.ImportPath}}{{end}}"}, flags()...)
	cmd := goCommand(ctx, root, append(args, ".")...)
	var list strings.Builder
	cmd.Stdout = &list
	var rest []string
	err := follow(cmd, p, func(line string) {
		if strings.HasPrefix(line, "go: downloading ") {
			p.note(line[len("go: "):])
		} else {
			rest = append(rest, line)
		}
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("list packages: %w", err), errors.New(strings.Join(rest, "\n")))
	}
	stale := map[string]bool{}
	for line := range strings.Lines(list.String()) {
		stale[strings.TrimSpace(line)] = true
	}
	return stale, nil
}

func goCommand(ctx context.Context, root string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	return cmd
}

// follow runs cmd and calls handle for each line of its standard error, and p each second.
func follow(cmd *exec.Cmd, p *progress, handle func(line string)) error {
	read, write := io.Pipe()
	cmd.Stderr = write
	if err := cmd.Start(); err != nil {
		return err
	}
	lines, done := make(chan string), make(chan error, 1)
	go func() {
		err := cmd.Wait()
		_ = write.Close()
		done <- err
	}()
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(read); s.Scan(); {
			lines <- s.Text()
		}
		_, _ = io.Copy(io.Discard, read) // a line too long for the scanner must not block the command
	}()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case line, more := <-lines:
			if !more {
				return <-done
			}
			handle(line)
		case now := <-tick.C:
			p.tick(now)
		}
	}
}

func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
