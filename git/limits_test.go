package git_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
)

// refuses fetches hash and wants reading folder to fail so.
func refuses(t *testing.T, work repo, hash, folder string, kind error, texts ...string) {
	t.Helper()
	_, err := fetch(t, open(t, work.dir), hash).Files(folder)
	if !errors.Is(err, kind) {
		t.Fatalf("files of %q: %v, want %v", folder, err, kind)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("files of %q: %v, want %q in it", folder, err, text)
		}
	}
}

func TestWhatLeadsOutOfTheCommitIsRefusedByName(t *testing.T) {
	work := newRepo(t)
	for _, dir := range []string{"link", "lfs", "fine"} {
		work.write(dir+"/a.yaml", "a: 1\n")
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(work.dir, "link", "passwd")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("fine", filepath.Join(work.dir, "alias")); err != nil {
		t.Fatal(err)
	}
	work.write("lfs/big.yaml", "version https://git-lfs.github.com/spec/v1\noid sha256:"+strings.Repeat("0", 64)+"\nsize 12345\n")
	work.commit("fine/b.yaml", "b: 1\n")
	work.run("update-index", "--add", "--cacheinfo", "160000,"+someHash+",sub/module")
	work.run("commit", "-q", "-m", "submodule")
	hash := work.run("rev-parse", "main")
	refuses(t, work, hash, "link", git.ErrUnsupported, "link/passwd", "symlink")
	refuses(t, work, hash, "alias", git.ErrUnsupported, "alias", "symlink")
	refuses(t, work, hash, "alias/a.yaml", git.ErrUnsupported, "alias", "symlink")
	refuses(t, work, hash, "lfs", git.ErrUnsupported, "lfs/big.yaml", "LFS")
	refuses(t, work, hash, "sub", git.ErrUnsupported, "sub/module", "submodule")
	refuses(t, work, hash, ".", git.ErrUnsupported)
	if got := content(t, fetch(t, open(t, work.dir), hash), "fine", "b.yaml"); got != "b: 1\n" {
		t.Errorf("a path beside them reads %q", got)
	}
}

func TestALargeFileIsRefusedBeforeMemoryIsSpent(t *testing.T) {
	work := newRepo(t)
	const size = 64 << 20
	work.write("most/a.yaml", strings.Repeat("x", git.MaxFileSize))
	work.write("big/a.yaml", "")
	if err := os.Truncate(filepath.Join(work.dir, "big/a.yaml"), size); err != nil {
		t.Fatal(err)
	}
	hash := work.commit("a", "a")
	for _, how := range []string{"loose", "packed"} {
		t.Run(how, func(t *testing.T) {
			s := fetch(t, open(t, work.dir), hash)
			before := allocated()
			_, err := s.Files("big")
			if spent := allocated() - before; spent > 8<<20 {
				t.Errorf("%d bytes were allocated", spent)
			}
			if !errors.Is(err, git.ErrTooLarge) || !strings.Contains(err.Error(), fmt.Sprintf("big/a.yaml: %d bytes", size)) {
				t.Errorf("files: %v", err)
			}
			if got := content(t, s, "most", "a.yaml"); len(got) != git.MaxFileSize {
				t.Errorf("the largest file has %d bytes", len(got))
			}
		})
		work.run("repack", "-adq")
	}
}

func allocated() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc
}

func TestTooManyBytesAreRefused(t *testing.T) {
	work := newRepo(t)
	for i := range 11 {
		work.write(fmt.Sprintf("many/%d.yaml", i), strings.Repeat(string(rune('a'+i)), git.MaxFileSize))
	}
	refuses(t, work, work.commit("a", "a"), "many", git.ErrTooLarge, "many", "10485760")
}

func TestTooManyFilesAreRefused(t *testing.T) {
	work := newRepo(t)
	hash := work.importFiles(git.MaxPathEntries+1, func(i int) string { return fmt.Sprintf("many/%d/%d.yaml", i%400, i) })
	refuses(t, work, hash, "many", git.ErrTooLarge, "many", "100000")
	if _, err := fetch(t, open(t, work.dir), hash).Files("many/7"); err != nil {
		t.Errorf("a folder of it: %v", err)
	}
}

func TestFoldersThatAreTooDeepAreRefused(t *testing.T) {
	work := newRepo(t)
	hash := work.importFiles(1, func(int) string { return strings.Repeat("d/", 200) + "a.yaml" })
	refuses(t, work, hash, ".", git.ErrTooLarge, "inside each other")
}

// importFiles commits n files of the same content at once.
func (r repo) importFiles(n int, name func(int) string) string {
	r.t.Helper()
	var stream strings.Builder
	stream.WriteString("blob\nmark :1\ndata 5\na: 1\n\ncommit refs/heads/main\ncommitter Ben <b@example.com> 1 +0000\ndata 1\nx\n")
	for i := range n {
		fmt.Fprintf(&stream, "M 100644 :1 %s\n", name(i))
	}
	r.fastImport(stream.String())
	return r.run("rev-parse", "main")
}

func (r repo) fastImport(stream string) {
	r.t.Helper()
	cmd := exec.Command("git", "fast-import", "--quiet", "--force")
	cmd.Dir, cmd.Stdin = r.dir, strings.NewReader(stream)
	if out, err := cmd.CombinedOutput(); err != nil {
		r.t.Fatalf("git fast-import: %v\n%s", err, out)
	}
}
