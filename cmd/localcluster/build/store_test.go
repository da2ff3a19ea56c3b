package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestABuiltBinaryRunsAndIsBuiltOnce(t *testing.T) {
	root, s := sources(t), store(t.TempDir())
	k := keyOf(t, root)
	if err := s.build(root, k); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(s.binary(k)).CombinedOutput()
	if err != nil || string(out) != "hello\n" {
		t.Errorf("it says %q, %v", out, err)
	}
	put(t, root, "main.go", "package main\n\nthis does not compile")
	if err := s.build(root, k); err != nil {
		t.Errorf("it is built again: %v", err)
	}
}

func TestASecondBuilderWaitsForTheFirst(t *testing.T) {
	s := store(t.TempDir())
	unlock, err := s.lock()
	if err != nil {
		t.Fatal(err)
	}
	second := make(chan error)
	go func() { second <- s.build("no such folder", "key") }()
	put(t, string(s), "key/localcluster", "built by the first")
	select {
	case err := <-second:
		t.Errorf("the second did not wait: %v", err)
	default:
	}
	unlock()
	if err := <-second; err != nil {
		t.Errorf("the second builds what is built: %v", err)
	}
}

func TestWhatDoesNotCompileIsToldAndLeavesNothing(t *testing.T) {
	root, s := sources(t), store(t.TempDir())
	put(t, root, "main.go", "package main\n\nfunc main() { undefinedName() }\n")
	err := s.build(root, "key")
	if err == nil || !strings.Contains(err.Error(), "undefined: undefinedName") {
		t.Errorf("got %v", err)
	}
	if exists(filepath.Join(string(s), "key")) {
		t.Error("the folder of the key is left")
	}
}

func TestOnlyTheBinariesUsedLastAreKept(t *testing.T) {
	s := store(t.TempDir())
	now := time.Now()
	for age, k := range []string{"newest", "newer", "new", "old", "oldest"} {
		put(t, string(s), k+"/localcluster", "binary")
		then := now.Add(-time.Duration(age) * time.Hour)
		if err := os.Chtimes(s.binary(k), then, then); err != nil {
			t.Fatal(err)
		}
	}
	use(s.binary("oldest"))
	if err := s.removeOld(); err != nil {
		t.Fatal(err)
	}
	for k, want := range map[string]bool{"oldest": true, "newest": true, "newer": true, "new": false, "old": false} {
		if got := exists(filepath.Join(string(s), k)); got != want {
			t.Errorf("%s is there: %t, want %t", k, got, want)
		}
	}
}
