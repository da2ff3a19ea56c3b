package controlplane

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestTheTailOfALogIsItsLastLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	var text strings.Builder
	for i := range 10000 {
		fmt.Fprintln(&text, "line", i)
	}
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(tail(path), "\n")
	if len(lines) != tailLines || lines[0] != "  line 9990" || lines[9] != "  line 9999" {
		t.Errorf("tail is %q", lines)
	}
}

func TestTheTailOfAShortLogIsAllOfIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte("only\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := tail(path); got != "  only" {
		t.Errorf("tail is %q", got)
	}
}

func TestATakenPortIsToldFromOtherEnds(t *testing.T) {
	taken := &DiedError{Component: Etcd, Err: errors.New("exit status 1"), Tail: "listen: " + syscall.EADDRINUSE.Error()}
	if !portTaken(fmt.Errorf("start: %w", taken)) {
		t.Error("a taken port is not seen")
	}
	for _, err := range []error{nil, errEnded, &DiedError{Component: Etcd, Err: errors.New("exit status 1")}} {
		if portTaken(err) {
			t.Errorf("%v is taken for a taken port", err)
		}
	}
}

func TestPortsDiffer(t *testing.T) {
	p, err := freePorts()
	if err != nil {
		t.Fatal(err)
	}
	if p.apiserver == p.etcd || p.etcd == p.etcdPeer || p.apiserver == p.etcdPeer || p.apiserver == 0 {
		t.Errorf("ports are %+v", p)
	}
}
