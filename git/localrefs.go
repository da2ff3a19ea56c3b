package git

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
)

const (
	// maxSymbolic is how many refs may point to each other, as in git.
	maxSymbolic = 5
	// sha256Hex is how long a hash is in the repositories that are not read here.
	sha256Hex = 64
)

// errNoRef says that a ref does not exist.
var errNoRef = errors.New("no such ref")

// resolve returns the hash that ref has now, through symbolic refs, read from the files as git leaves them: a loose
// file wins over packed-refs, and a ref that is being packed is in one of the two at any time.
func (l layout) resolve(ref string) (plumbing.Hash, error) {
	at := ref
	for range maxSymbolic {
		text, err := l.loose(at)
		if errors.Is(err, errNoRef) {
			text, err = l.packed(at)
		}
		if errors.Is(err, errNoRef) && at != ref {
			return plumbing.ZeroHash, fail(kindOf(ref), "ref %q stands for %q, which is not there", ref, printable(at))
		}
		if err != nil {
			return plumbing.ZeroHash, err
		}
		target, symbolic := strings.CutPrefix(text, "ref:")
		if !symbolic {
			return parseHash(at, text)
		}
		if at = strings.TrimSpace(target); !plumbing.ReferenceName(at).IsSafe() {
			return plumbing.ZeroHash, fail(ErrCorrupt, "ref %q is a symbolic one that leads out of the repository", ref)
		}
	}
	return plumbing.ZeroHash, fail(ErrCorrupt, "ref %q leads by symbolic ones in a circle, or by too many", ref)
}

// kindOf is the kind of error where a ref is not there.
func kindOf(ref string) error {
	if strings.HasPrefix(ref, heads) {
		return ErrBranchNotFound
	}
	return ErrRefNotFound
}

func (l layout) loose(ref string) (string, error) {
	text, err := readSmall(filepath.Join(l.commonDir, filepath.FromSlash(ref)))
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.EISDIR), errors.Is(err, syscall.ENOTDIR):
		return "", errNoRef
	case err != nil:
		return "", fail(ErrCorrupt, "ref %q cannot be read: %s", printable(ref), reason(err))
	}
	return strings.TrimSpace(text), nil
}

// moved returns when the loose file of ref was written; the zero time for a ref that is packed.
func (l layout) moved(ref string) time.Time {
	info, err := os.Stat(filepath.Join(l.commonDir, filepath.FromSlash(ref)))
	if err != nil || !info.Mode().IsRegular() {
		return time.Time{}
	}
	return info.ModTime()
}

func (l layout) packed(ref string) (string, error) {
	found := errNoRef
	var text string
	err := l.eachPacked(func(name, hash string) bool {
		if name == ref {
			text, found = hash, nil
		}
		return found != nil
	})
	return text, errors.Join(err, found)
}

// eachPacked calls visit with each ref of packed-refs until it returns false.
func (l layout) eachPacked(visit func(name, hash string) bool) error {
	f, err := os.Open(filepath.Join(l.commonDir, "packed-refs"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fail(ErrCorrupt, "packed-refs cannot be read: %s", reason(err))
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		hash, name, ok := strings.Cut(lines.Text(), " ")
		comment := strings.HasPrefix(hash, "#") || strings.HasPrefix(hash, "^")
		if ok && !comment && !visit(name, hash) {
			return nil
		}
	}
	err = lines.Err()
	if errors.Is(err, bufio.ErrTooLong) {
		return fail(ErrCorrupt, "packed-refs cannot be read: it holds a line that is no ref")
	}
	if err != nil {
		return fail(ErrCorrupt, "packed-refs cannot be read: %s", reason(err))
	}
	return nil
}

// parseHash reads what a ref holds. Its file is empty, or full of zeros, where the machine stopped while git wrote it.
func parseHash(ref, text string) (plumbing.Hash, error) {
	switch {
	case plumbing.IsHash(text):
		return plumbing.NewHash(text), nil
	case len(text) == sha256Hex:
		return plumbing.ZeroHash, errSHA256
	}
	return plumbing.ZeroHash, fail(ErrCorrupt, "ref %q holds no hash: put it back with git update-ref, "+
		"to what it was last (the end of its file below logs)", printable(ref))
}

// below returns the names of all refs that begin so, without that, sorted.
func (l layout) below(prefix string) ([]string, error) {
	var names []string
	root := filepath.Join(l.commonDir, filepath.FromSlash(prefix)) + string(filepath.Separator)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		// A folder that goes away while git renames a ref holds none.
		if err == nil && !entry.IsDir() && !strings.HasSuffix(path, ".lock") {
			names = append(names, filepath.ToSlash(strings.TrimPrefix(path, root)))
		}
		return nil
	})
	packed := l.eachPacked(func(name, _ string) bool {
		if short, ok := strings.CutPrefix(name, prefix); ok {
			names = append(names, short)
		}
		return true
	})
	slices.Sort(names)
	return slices.Compact(names), errors.Join(err, packed)
}
