package git

import (
	"errors"
	"fmt"
)

// What a caller branches on with errors.Is. The text of an error names the repository and says what to do; it holds no
// credentials, and what a server wrote only where it is bounded and its control characters are escaped.
var (
	ErrURL            = errors.New("repository address is not usable") // or the name of a branch or another ref is none
	ErrNoCommits      = errors.New("repository has no commits")
	ErrBranchNotFound = errors.New("branch not found")
	ErrRefNotFound    = errors.New("ref not found") // a tag, a version in a range, another ref, or a commit
	ErrPathNotFound   = errors.New("path not found")
	ErrUnavailable    = errors.New("repository is unavailable")  // network, DNS, timeout, 5xx: trying again may help
	ErrCache          = errors.New("local copy is not writable") // a disk that is full or read-only, or [Space] is used up
	ErrAuth           = errors.New("access denied")              // 401, 403
	ErrNotFound       = errors.New("repository not found")       // 404, or a folder that is no repository
	ErrCorrupt        = errors.New("repository is corrupt")      // an object is missing, cut short or altered
	ErrTooLarge       = errors.New("too large")                  // more than a limit of this package
	ErrSignature      = errors.New("signature is refused")       // or missing where one is required
	ErrUnsupported    = errors.New("not supported")              // a symlink, a submodule, an LFS pointer, ...
)

// failure is an error of one of the kinds above whose text is its own: kind is there for errors.Is alone.
type failure struct {
	kind error
	text string
}

func (f *failure) Error() string { return f.text }
func (f *failure) Unwrap() error { return f.kind }

var errSHA256 = fail(ErrUnsupported, "sha256 repositories are not supported")

func fail(kind error, format string, args ...any) error {
	return &failure{kind: kind, text: fmt.Sprintf(format, args...)}
}

// named puts the repository in front of err, once.
func named(repository string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", repository, err)
}
