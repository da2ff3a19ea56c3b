package watch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
)

func TestTheTickerCallsAtTheFloor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second+time.Millisecond)
		defer cancel()
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		calls := 0
		Watcher{Changed: func() { calls++ }}.tick(ctx, ticker)
		if calls != 10 {
			t.Errorf("%d calls in 10 s, want 10", calls)
		}
	})
}

func TestOnlyWhatIsWantedNowIsWatched(t *testing.T) {
	notifier, err := fsnotify.NewWatcher()
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	var paths []string
	r := newRun(Watcher{Paths: func() []string { return paths }}, notifier)
	defer r.close()
	for _, folder := range []string{"a", "b/c"} {
		if err := os.MkdirAll(filepath.Join(root, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ want, watched []string }{
		{[]string{"a/file"}, []string{".", "a"}},
		{[]string{"b", "b/c/d/file"}, []string{".", "b", "b/c"}},
		{[]string{"a/", "missing/file"}, []string{".", "a"}},
		{[]string{"missing/too"}, []string{"."}},
	} {
		paths = under(root, c.want)
		r.refresh()
		got := slices.DeleteFunc(notifier.WatchList(), func(name string) bool { return !strings.HasPrefix(name, root) })
		slices.Sort(got)
		if want := under(root, c.watched); !slices.Equal(got, want) {
			t.Errorf("for %v watches %v, want %v", c.want, got, want)
		}
	}
}

func under(root string, names []string) []string {
	var paths []string
	for _, name := range names {
		paths = append(paths, filepath.Join(root, name))
	}
	return paths
}

func TestEventsThatCannotMatterAreLeftOut(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink("target", link); err != nil {
		t.Fatal(err)
	}
	w := newWanted([]string{"/r/.git/packed-refs", "/r/.git/refs/heads/team/main", link})
	for event, want := range map[fsnotify.Event]bool{
		{Name: "/r/.git/packed-refs", Op: fsnotify.Create}:                       true,
		{Name: "/r/.git/packed-refs", Op: fsnotify.Chmod}:                        false,
		{Name: "/r/.git/packed-refs.lock", Op: fsnotify.Create}:                  false,
		{Name: "/r/.git/index", Op: fsnotify.Create}:                             false,
		{Name: "/r/.git/refs/heads/team", Op: fsnotify.Remove}:                   true,
		{Name: "/r/.git/refs/heads/team/main", Op: fsnotify.Create}:              true,
		{Name: "/r/.git/refs/heads/team/main2", Op: fsnotify.Create}:             false,
		{Name: "/r/.git", Op: fsnotify.Rename}:                                   true,
		{Name: "/r/.gitignore", Op: fsnotify.Write}:                              false,
		{Name: filepath.Join(filepath.Dir(link), "..data"), Op: fsnotify.Create}: true,
		{}: false,
	} {
		if got := w.by(event); got != want {
			t.Errorf("%v matters: %t, want %t", event, got, want)
		}
	}
}

func TestALimitIsToldByTheNameOfItsSysctl(t *testing.T) {
	err := explain("/x", fmt.Errorf("add: %w", syscall.ENOSPC))
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "/x: out of inotify watches, raise the sysctl fs.inotify.max_user_watches") {
		t.Errorf("told as %q", err)
	}
}
