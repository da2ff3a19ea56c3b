//go:build linux

package watch_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/sync/watch"
)

// childLimit is the variable that makes the test binary a process that watches under a limit: instances or watches.
const childLimit = "WATCH_TEST_LIMIT"

// child watches until the ticker has called it twice, and prints why it is no faster.
func child(limit string) {
	if err := setLimit(limit); err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	calls := 0
	watch.Watcher{
		Paths: func() []string { return strings.Split(os.Getenv("WATCH_TEST_PATHS"), ":") },
		Floor: time.Millisecond,
		Changed: func() {
			if calls++; calls == 3 {
				fmt.Println("called")
				cancel()
			}
		},
		Degraded: func(err error) { fmt.Println(err) },
	}.Run(ctx)
}

func setLimit(limit string) error {
	if limit == "watches" {
		return os.WriteFile("/proc/sys/user/max_inotify_watches", []byte("2"), 0)
	}
	next, w, err := os.Pipe() // which the runtime polls, so that it has the descriptors that it needs itself
	if err != nil {
		return err
	}
	free := uint64(next.Fd())
	_, _ = next.Close(), w.Close()
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: free, Max: free})
}

func runChild(t *testing.T, limit string, attr *syscall.SysProcAttr) (string, error) {
	var paths []string
	for range 5 {
		paths = append(paths, filepath.Join(t.TempDir(), "file"))
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childLimit+"="+limit, "WATCH_TEST_PATHS="+strings.Join(paths, ":"))
	cmd.SysProcAttr = attr
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestWithoutInotifyInstancesTheTickerRemains(t *testing.T) {
	out, err := runChild(t, "instances", nil)
	if err != nil || !strings.Contains(out, "fs.inotify.max_user_instances") || !strings.HasSuffix(out, "\ncalled\n") {
		t.Errorf("%v, printed:\n%s", err, out)
	}
}

func TestWithoutInotifyWatchesTheTickerRemainsAndItIsToldOnce(t *testing.T) {
	id := []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
	out, err := runChild(t, "watches", &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER, UidMappings: id})
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EINVAL) {
		t.Skipf("this system lets no test lower the limit: %v", err)
	}
	if err != nil || strings.Count(out, "fs.inotify.max_user_watches") != 1 || !strings.HasSuffix(out, "\ncalled\n") {
		t.Errorf("%v, printed:\n%s", err, out)
	}
}
