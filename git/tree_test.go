package git_test

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
)

// commitTree commits a tree as it is given, which git itself would not write.
func (r repo) commitTree(entries ...string) string {
	r.t.Helper()
	return r.commitRoot(r.rawTree(entries...))
}

func (r repo) commitRoot(tree string) string {
	r.t.Helper()
	hash := r.run("commit-tree", "-m", "odd", tree)
	r.run("update-ref", "refs/heads/main", hash)
	return hash
}

// rawTree writes a tree of modes and names, whatever they are.
func (r repo) rawTree(entries ...string) string {
	r.t.Helper()
	var raw strings.Builder
	for _, e := range entries {
		raw.WriteString(e + "\x00" + strings.Repeat("\x11", 20))
	}
	return r.pipe(raw.String(), "hash-object", "-t", "tree", "-w", "--literally", "--stdin")
}

// pipe runs git with an input.
func (r repo) pipe(input string, args ...string) string {
	r.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Stdin = r.dir, strings.NewReader(input)
	out, err := cmd.Output()
	if err != nil {
		r.t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func TestTreesThatGitWouldNotWriteAreRefused(t *testing.T) {
	work := newRepo(t)
	for name, odd := range map[string]struct {
		entries []string
		kind    error
	}{
		"two of one name":   {[]string{"100644 a", "100644 a"}, git.ErrCorrupt},
		"file and folder":   {[]string{"100644 a", "40000 a"}, git.ErrCorrupt},
		"parent":            {[]string{"100644 .."}, git.ErrUnsupported},
		"itself":            {[]string{"40000 ."}, git.ErrUnsupported},
		"slash":             {[]string{"100644 a/b"}, git.ErrUnsupported},
		"git folder":        {[]string{"40000 .GIT"}, git.ErrUnsupported},
		"control character": {[]string{"100644 a\x1b[31m"}, git.ErrUnsupported},
		"not UTF-8":         {[]string{"100644 \xff"}, git.ErrUnsupported},
		"no name":           {[]string{"100644 "}, git.ErrUnsupported},
		"device":            {[]string{"60000 a"}, git.ErrUnsupported},
		"no mode":           {[]string{"a"}, git.ErrCorrupt},
		"missing file":      {[]string{"100644 a"}, git.ErrCorrupt},
		"missing folder":    {[]string{"40000 a"}, git.ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			refuses(t, work, work.commitTree(odd.entries...), ".", odd.kind)
		})
	}
}

// TestNamesThatCannotBeShownAreInNobodysWayElsewhere has one beside an app's folder as the Finder makes it, and one in Latin-1.
func TestNamesThatCannotBeShownAreInNobodysWayElsewhere(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, name := range []string{"Icon\r", "\xdcbersicht/\xe4.txt", "apps/web/a.yaml", "odd/Icon\r", "sets/a\x1b/a.yaml"} {
		s.write(name, "a: 1\n")
	}
	hash := s.push("apps/web/b.yaml", "b: 1\n")
	for _, url := range []string{s.dir, s.url} {
		snapshot := fetch(t, open(t, url), hash)
		if got := content(t, snapshot, "apps", "web/a.yaml"); got != "a: 1\n" {
			t.Errorf("a.yaml = %q", got)
		}
		root := snapshot.Root()
		if text, err := root.ReadFile("apps/web/a.yaml"); err != nil || string(text) != "a: 1\n" {
			t.Errorf("a.yaml = %q, %v", text, err)
		}
		if err := root.Close(); err != nil {
			t.Error(err)
		}
		if folders, err := snapshot.Folders("apps/*"); err != nil || len(folders) != 1 {
			t.Errorf("folders %v, %v", folders, err)
		}
		if hashes, err := snapshot.Hashes([]string{"apps/web", "Icon\r"}); err != nil || hashes["apps/web"] == git.Unreadable || hashes["Icon\r"] != git.Unreadable {
			t.Errorf("hashes %v, %v", hashes, err)
		}
		refusesWhatCannotBeShown(t, snapshot)
	}
}

// refusesWhatCannotBeShown wants an error of each way to read it.
func refusesWhatCannotBeShown(t *testing.T, s git.Snapshot) {
	t.Helper()
	root := s.Root()
	defer func() { _ = root.Close() }()
	_, all := s.Files(".")
	_, odd := s.Files("odd")
	_, set := s.Folders("sets/*")
	_, listed := root.ReadDir("odd")
	_, read := root.ReadFile("odd/Icon\r")
	for i, err := range []error{all, odd, set, listed, read} {
		if !errors.Is(err, git.ErrUnsupported) || !strings.Contains(err.Error(), "control character in the name") || strings.ContainsAny(err.Error(), "\r\x1b") {
			t.Errorf("%d: %v", i, err)
		}
	}
	if _, err := s.Files("\xdcbersicht"); !errors.Is(err, git.ErrPathNotFound) {
		t.Errorf("a path in Latin-1: %v", err)
	}
}
