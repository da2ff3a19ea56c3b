package watch_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lockstep-dev/lockstep/sync/watch"
)

func TestMain(m *testing.M) {
	if limit := os.Getenv(childLimit); limit != "" {
		child(limit)
		return
	}
	goleak.VerifyTestMain(m)
}

const (
	// longFloor is a floor that no test waits for.
	longFloor = time.Hour
	// patience is how long a test waits for what must happen.
	patience = 30 * time.Second
)

// start watches the paths until the test ends. When it returns they are watched, and from then on the channel holds a
// value after each call.
func start(t testing.TB, paths ...string) <-chan struct{} {
	t.Helper()
	calls := make(chan struct{}, 1)
	run(t, watch.Watcher{
		Paths:   func() []string { return paths },
		Floor:   longFloor,
		Changed: poke(calls),
	})
	return calls
}

// poke returns a func that leaves a value in a channel that holds one.
func poke(calls chan struct{}) func() {
	return func() {
		select {
		case calls <- struct{}{}:
		default:
		}
	}
}

// run runs w until the test ends, and returns when everything is watched: a file of the test's own, which is among the
// paths, has been noticed.
func run(t testing.TB, w watch.Watcher) {
	t.Helper()
	ready, noticed := filepath.Join(t.TempDir(), "ready"), make(chan struct{}, 1)
	paths, changed, begun := w.Paths, w.Changed, false
	w.Paths = func() []string { return append(paths(), ready) }
	w.Changed = func() {
		if begun {
			changed()
		} else if _, err := os.Stat(ready); err == nil {
			begun = true
			close(noticed)
		}
	}
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
	deadline := time.After(patience)
	for {
		write(t, ready)
		select {
		case <-noticed:
			return
		case <-deadline:
			t.Fatal("nothing is noticed")
		case <-time.After(10 * time.Millisecond): // it was written before it was watched
		}
	}
}

// wait waits for a call.
func wait(t testing.TB, calls <-chan struct{}) {
	t.Helper()
	select {
	case <-calls:
	case <-time.After(patience):
		t.Fatal("no call")
	}
}

func write(t testing.TB, name string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(time.Now().String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// replace does what editors and git do: a new file takes the name of the old one.
func replace(t testing.TB, name string) {
	t.Helper()
	write(t, name+".new")
	rename(t, name+".new", name)
}

func rename(t testing.TB, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t testing.TB, name string) {
	t.Helper()
	if err := os.MkdirAll(name, 0o700); err != nil {
		t.Fatal(err)
	}
}

func TestAFileThatIsMadeWrittenReplacedOrRemovedIsNoticed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.yaml")
	calls := start(t, file)
	for _, change := range []func(){
		func() { write(t, file) },
		func() { write(t, file) },
		func() { replace(t, file) },
		func() { _ = os.Remove(file) },
		func() { replace(t, file) },
	} {
		change()
		wait(t, calls)
	}
}

func TestAFolderIsWatchedForWhatIsInIt(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "folder")
	mkdir(t, folder)
	calls := start(t, folder)
	replace(t, filepath.Join(folder, "a"))
	wait(t, calls)
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	wait(t, calls)
	mkdir(t, folder)
	wait(t, calls)
	replace(t, filepath.Join(folder, "b"))
	wait(t, calls)
}

func TestFoldersThatAppearLaterOrAreReplacedAreWatched(t *testing.T) {
	root := t.TempDir()
	file := filepath.Join(root, "a/b/c/file")
	calls := start(t, file)
	for range 3 {
		mkdir(t, filepath.Dir(file))
		wait(t, calls)
		replace(t, file)
		wait(t, calls)
		mkdir(t, filepath.Join(root, "new/b/c"))
		rename(t, filepath.Join(root, "a"), filepath.Join(t.TempDir(), "old"))
		rename(t, filepath.Join(root, "new"), filepath.Join(root, "a"))
		wait(t, calls)
		write(t, file)
		wait(t, calls)
		if err := os.RemoveAll(filepath.Join(root, "a")); err != nil {
			t.Fatal(err)
		}
		wait(t, calls)
	}
}

func TestAMountedFileThatIsSwappedBehindItsLinkIsNoticed(t *testing.T) {
	dir := t.TempDir()
	version := func(n int) {
		name := fmt.Sprintf("..version%d", n)
		mkdir(t, filepath.Join(dir, name))
		write(t, filepath.Join(dir, name, "config.yaml"))
		if err := os.Symlink(name, filepath.Join(dir, "..new")); err != nil {
			t.Fatal(err)
		}
		rename(t, filepath.Join(dir, "..new"), filepath.Join(dir, "..data"))
	}
	version(1)
	file := filepath.Join(dir, "config.yaml")
	if err := os.Symlink("..data/config.yaml", file); err != nil {
		t.Fatal(err)
	}
	calls := start(t, file)
	version(2)
	wait(t, calls)
}

func TestAChangeWhileCalledCallsAgain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	entered, leave := make(chan string), make(chan struct{})
	w := watch.Watcher{
		Paths: func() []string { return []string{file} },
		Floor: longFloor,
		Changed: func() {
			text, _ := os.ReadFile(file)
			select {
			case entered <- string(text):
			case <-t.Context().Done():
			}
			select {
			case <-leave:
			case <-t.Context().Done():
			}
		},
	}
	run(t, w)
	write(t, file)
	first := <-entered
	for i := range 25_000 { // more than the system keeps
		if err := os.WriteFile(fmt.Sprint(file, i%2), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(t, file)
	last, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for seen := first; seen != string(last); {
		leave <- struct{}{}
		select {
		case seen = <-entered:
		case <-time.After(patience):
			t.Fatal("the last change was missed")
		}
	}
}

func BenchmarkRenameToCall(b *testing.B) {
	file := filepath.Join(b.TempDir(), "file")
	calls := start(b, file)
	for b.Loop() {
		replace(b, file)
		<-calls
	}
}
