package git

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxRefFile is far more than HEAD, a ref or a .git file ever holds, in bytes.
const maxRefFile = 64 << 10

// layout is where the parts of a repository on disk are. Linked work trees have a git folder of their own and share
// the rest with the common one; elsewhere the two are the same.
type layout struct {
	gitDir    string
	commonDir string
}

// findRoot looks for the repository of folder as git does: in it, then in the folders above it, so that a folder inside a
// work tree means its repository.
func findRoot(folder string) (string, error) {
	if _, err := os.Stat(folder); err != nil {
		return "", fail(ErrNotFound, "folder cannot be read: %s", reason(err))
	}
	for dir := folder; ; dir = filepath.Dir(dir) {
		_, found, err := layoutAt(dir)
		if found || err != nil {
			return dir, err
		}
		if dir == filepath.Dir(dir) {
			return "", fail(ErrNotFound, "no git repository in this folder or above it: run git init, or give another folder")
		}
	}
}

func layoutAt(dir string) (l layout, found bool, err error) {
	dotGit := filepath.Join(dir, ".git")
	info, err := os.Stat(dotGit)
	switch {
	case err == nil && info.IsDir() && isGitDir(dotGit):
		return layout{dotGit, dotGit}, true, nil
	case err == nil && info.Mode().IsRegular():
		l, err := linked(dir, dotGit)
		return l, true, err
	case isGitDir(dir): // a bare repository, or the git folder itself
		return layout{dir, dir}, true, nil
	}
	return layout{}, false, nil
}

// isGitDir is git's own test: a folder with a HEAD, objects and refs.
func isGitDir(dir string) bool {
	for _, name := range []string{"objects", "refs"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || !info.IsDir() {
			return false
		}
	}
	_, err := os.Lstat(filepath.Join(dir, "HEAD"))
	return err == nil
}

// linked follows the .git file of a linked work tree or a submodule.
func linked(dir, dotGit string) (layout, error) {
	text, err := readSmall(dotGit)
	target, isLink := strings.CutPrefix(text, "gitdir:")
	if err != nil || !isLink {
		return layout{}, fail(ErrNotFound, ".git is a file, but names no git folder")
	}
	l := layout{gitDir: absolute(dir, strings.TrimSpace(target))}
	l.commonDir = l.gitDir
	common, err := readSmall(filepath.Join(l.gitDir, "commondir"))
	if err == nil {
		l.commonDir = absolute(l.gitDir, strings.TrimSpace(common))
	} else if !errors.Is(err, fs.ErrNotExist) {
		return layout{}, fail(ErrNotFound, "commondir cannot be read: %s", reason(err))
	}
	if _, err := os.Stat(filepath.Join(l.commonDir, "objects")); err != nil {
		return layout{}, fail(ErrNotFound, ".git names a git folder that is gone: run git worktree repair")
	}
	return l, nil
}

func absolute(base, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(base, path)
}

// readSmall reads a file of git's that is at most maxRefFile long.
func readSmall(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxRefFile))
	return string(text), err
}

// reason returns what the system said, without the path that its error repeats.
func reason(err error) string {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		err = pathError.Err
	} else if linkError, ok := errors.AsType[*os.LinkError](err); ok {
		err = linkError.Err
	}
	return printable(err.Error())
}
