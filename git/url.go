package git

import (
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// helper is git's form for running a program as the transport: ext::sh -c ...
var helper = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9+.-]*::`)

// halfURL is a URL with a slash too few. ssh's short form has a user before its colon.
var halfURL = regexp.MustCompile(`^(?i)(https?|ssh|file):`)

// address is where a repository is: a remote's URL or a folder, never both.
type address struct {
	remote *url.URL // with a user only where it is ssh's, and never with a password
	short  string   // how an ssh address was written that is no URL; the path of remote is then relative to the user's home
	folder string   // absolute
}

// String returns what may be shown of the address; it holds no secret, parseAddress saw to it.
func (a address) String() string {
	switch {
	case a.short != "":
		return a.short
	case a.remote != nil:
		return a.remote.String()
	}
	return printable(a.folder)
}

// IsRemote reports whether a text that a user gave as a repository means one on a server, be it a possible one or not.
func IsRemote(text string) bool {
	return strings.Contains(text, "://") || helper.MatchString(text) || scpLike(text)
}

// parseAddress reads what a user gave as a repository. Its errors are of the kind [ErrURL] and quote nothing of the
// text but a scheme, because a password may stand anywhere in it.
func parseAddress(text string) (address, error) {
	switch {
	case text == "":
		return address{}, fail(ErrURL, "repository is empty: give a URL or a folder")
	case strings.ContainsFunc(text, unicode.IsControl):
		return address{}, fail(ErrURL, "repository address holds control characters")
	case helper.MatchString(text):
		return address{}, fail(ErrURL, "repository address names a remote helper (name::...): use https:// or a folder")
	case strings.Contains(text, "://"):
		return parseRemote(text)
	case halfURL.MatchString(text):
		return address{}, fail(ErrURL, "repository address lacks the two slashes of a URL: write https://host/path or ssh://user@host/path; of a folder give the path alone")
	case scpLike(text):
		return parseShort(text)
	}
	folder, err := filepath.Abs(text)
	if err != nil {
		return address{}, fail(ErrURL, "repository folder: the working folder is gone")
	}
	return address{folder: folder}, nil
}

// scpLike is git's rule: a colon before the first slash, and more before it than a drive's letter.
func scpLike(text string) bool {
	colon, slash := strings.IndexByte(text, ':'), strings.IndexByte(text, '/')
	return colon > 1 && (slash < 0 || colon < slash)
}

func parseRemote(text string) (address, error) {
	scheme, _, _ := strings.Cut(text, "://")
	switch scheme = strings.ToLower(scheme); scheme {
	case "http", "https", "ssh":
	case "file":
		return address{}, fail(ErrURL, "file:// is not supported: give the folder itself")
	case "git+ssh", "git":
		return address{}, fail(ErrURL, "%s:// is not supported: use https://, ssh:// or a folder", scheme)
	default:
		return address{}, fail(ErrURL, "repository address has an unknown scheme: use https://, ssh:// or a folder")
	}
	u, err := url.Parse(text)
	if err != nil {
		// The error of net/url quotes the text, password and all.
		return address{}, fail(ErrURL, "repository address is not a valid URL")
	}
	switch {
	case u.User != nil && scheme != "ssh":
		return address{}, fail(ErrURL, "repository address holds a user or a password: credentials do not belong into a URL")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return address{}, fail(ErrURL, "repository address has a query or a fragment: give the address alone")
	case u.Hostname() == "" || strings.HasPrefix(u.Host, "-"):
		return address{}, fail(ErrURL, "repository address has no valid host")
	}
	if _, err := portOf(u); err != nil {
		return address{}, err
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = strings.TrimRight(u.RawPath, "/")
	if scheme == "ssh" {
		if err := checkSSH(u); err != nil {
			return address{}, err
		}
	}
	return address{remote: u}, nil
}

// portOf returns the port that a URL names, 0 when it names none.
func portOf(u *url.URL) (int, error) {
	if u.Port() == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil {
		return 0, fail(ErrURL, "port is not a number below 65536")
	}
	return int(n), nil
}

// checkBranch refuses a name that git itself would not take for a branch. The name becomes part of a path.
func checkBranch(name string) error {
	if strings.HasPrefix(name, "refs/") {
		return fail(ErrURL, "branch %q: give the branch's name alone, without refs/heads/", printable(name))
	}
	if !isRefName(heads + name) {
		return fail(ErrURL, "branch %q is not a valid name", printable(name))
	}
	return nil
}
