package git_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
)

// commitTree commits a tree as it is given, which git itself would not write.
func (r repo) commitTree(entries ...string) string {
	r.t.Helper()
	var raw strings.Builder
	for _, e := range entries {
		raw.WriteString(e + "\x00" + strings.Repeat("\x11", 20))
	}
	cmd := exec.Command("git", "hash-object", "-t", "tree", "-w", "--literally", "--stdin")
	cmd.Dir, cmd.Stdin = r.dir, strings.NewReader(raw.String())
	out, err := cmd.Output()
	if err != nil {
		r.t.Fatal(err)
	}
	hash := r.run("commit-tree", "-m", "odd", strings.TrimSpace(string(out)))
	r.run("update-ref", "refs/heads/main", hash)
	return hash
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
