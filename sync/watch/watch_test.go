package watch_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lockstep-dev/lockstep/sync/watch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// longFloor is a floor that no test waits for; patience is how long a test waits for what must happen.
const (
	longFloor = time.Hour
	patience  = 30 * time.Second
)

// start watches the paths until the test ends and returns a channel that holds a value after each call.
func start(t testing.TB, floor time.Duration, paths ...string) <-chan struct{} {
	t.Helper()
	calls, ready := make(chan struct{}, 1), make(chan struct{})
	asked := 0
	w := watch.Watcher{
		Paths: func() []string {
			if asked++; asked == 1 {
				close(ready)
			}
			return paths
		},
		Floor: floor,
		Changed: func() {
			select {
			case calls <- struct{}{}:
			default:
			}
		},
	}
	run(t, w)
	<-ready
	return calls
}

func run(t testing.TB, w watch.Watcher) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
}

// until does something again and again until there is a call: the first time may be before the watch is there.
func until(t testing.TB, calls <-chan struct{}, do func()) {
	t.Helper()
	deadline := time.After(patience)
	for {
		do()
		select {
		case <-calls:
			return
		case <-time.After(100 * time.Millisecond):
		case <-deadline:
			t.Fatal("no call")
		}
	}
}

func write(t testing.TB, name string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(time.Now().String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAFileThatIsWrittenOrReplacedIsNoticed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.yaml")
	calls := start(t, longFloor, file)
	until(t, calls, func() { write(t, file) })
	until(t, calls, func() {
		write(t, file+".new")
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	})
	until(t, calls, func() { _ = os.Remove(file) })
}

func TestACommitIsNoticed(t *testing.T) {
	dir := t.TempDir()
	git := func(args ...string) {
		cmd := exec.Command("git", append([]string{"-c", "user.name=Ada", "-c", "user.email=a@example.com"}, args...)...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	git("init", "-q", "-b", "main")
	calls := start(t, longFloor, filepath.Join(dir, ".git/refs/heads/team/main"), filepath.Join(dir, ".git/packed-refs"))
	git("commit", "-q", "--allow-empty", "-m", "first")
	git("branch", "team/main")
	wait(t, calls)
	git("pack-refs", "--all")
	wait(t, calls)
	git("checkout", "-q", "team/main")
	git("commit", "-q", "--allow-empty", "-m", "second")
	wait(t, calls)
}

func wait(t testing.TB, calls <-chan struct{}) {
	t.Helper()
	select {
	case <-calls:
	case <-time.After(patience):
		t.Fatal("no call")
	}
}
