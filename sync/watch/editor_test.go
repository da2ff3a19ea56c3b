package watch_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/sync/watch"
)

// TestEveryWayThatEditorsSaveIsNoticed makes the calls that vim, emacs, gedit, IDEs and sed make in a folder that is watched.
func TestEveryWayThatEditorsSaveIsNoticed(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "web.yaml")
	write(t, file)
	calls := start(t, dir)
	for editor, save := range map[string]func(){
		"in place": func() { write(t, file) },
		"vim, which keeps the old file until the new one is whole": func() {
			rename(t, file, file+"~")
			write(t, file)
			_ = os.Remove(file + "~")
		},
		"emacs, which copies it first": func() {
			write(t, file+"~")
			write(t, file)
		},
		"gedit, by a hidden file": func() {
			write(t, filepath.Join(dir, ".goutputstream-X1"))
			rename(t, filepath.Join(dir, ".goutputstream-X1"), file)
		},
		"an IDE, by two names": func() {
			write(t, file+"___jb_tmp___")
			rename(t, file, file+"___jb_old___")
			rename(t, file+"___jb_tmp___", file)
			_ = os.Remove(file + "___jb_old___")
		},
		"by a hard link": func() {
			write(t, file+".new")
			_ = os.Remove(file)
			_ = os.Link(file+".new", file)
			_ = os.Remove(file + ".new")
		},
	} {
		t.Run(editor, func(t *testing.T) {
			save()
			wait(t, calls)
		})
		drain(t, calls, file)
	}
}

// drain takes the calls that are left of what happened until now: a last change of its own has been noticed, and then
// nothing for a while that a change needs to be told.
func drain(t *testing.T, calls <-chan struct{}, file string) {
	t.Helper()
	write(t, file)
	wait(t, calls)
	for {
		select {
		case <-calls:
		case <-time.After(50 * time.Millisecond):
			return
		}
	}
}

func TestAFolderBehindALinkThatIsSwappedIsNoticed(t *testing.T) {
	dir := t.TempDir()
	version := func(n int) string {
		name := fmt.Sprintf("..version%d", n)
		mkdir(t, filepath.Join(dir, name))
		if err := os.Symlink(name, filepath.Join(dir, "..new")); err != nil {
			t.Fatal(err)
		}
		rename(t, filepath.Join(dir, "..new"), filepath.Join(dir, "..data"))
		return filepath.Join(dir, name)
	}
	version(1)
	calls := start(t, filepath.Join(dir, "..data"))
	second := version(2)
	wait(t, calls)
	replace(t, filepath.Join(second, "web.yaml")) // what is in the new one counts from now on
	wait(t, calls)
}

// TestWhereNoChangeIsToldTheTickerCalls watches files that change without a word, as those on a network mount do.
func TestWhereNoChangeIsToldTheTickerCalls(t *testing.T) {
	const silent = "/proc/self/stat"
	if _, err := os.Stat(silent); err != nil {
		t.Skipf("this system has no file system without notifications: %v", err)
	}
	calls := make(chan struct{}, 1)
	run(t, watch.Watcher{Paths: func() []string { return []string{silent} }, Floor: 20 * time.Millisecond, Changed: poke(calls)})
	for range 3 {
		wait(t, calls)
	}
}

// TestANewFolderIsWatchedFromTheCallThatToldOfIt makes folders within folders, as a checkout does, whose paths are found
// anew before each call.
func TestANewFolderIsWatchedFromTheCallThatToldOfIt(t *testing.T) {
	root := t.TempDir()
	calls := make(chan struct{}, 1)
	folders := func() []string {
		all := []string{root}
		_ = filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
			if err == nil && e.IsDir() {
				all = append(all, path)
			}
			return nil
		})
		return all
	}
	run(t, watch.Watcher{Paths: folders, Floor: longFloor, Changed: poke(calls)})
	deepest := root
	for i := range 5 {
		deepest = filepath.Join(deepest, fmt.Sprint("folder", i))
		mkdir(t, deepest)
		wait(t, calls)
	}
	replace(t, filepath.Join(deepest, "web.yaml"))
	wait(t, calls)
}
