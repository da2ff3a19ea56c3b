package git

import (
	"net"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// sshUser is what an account of a git server may be called. None can be taken for an option.
var sshUser = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._+-]*$`)

// parseShort reads ssh's short form, user@host:path.
func parseShort(text string) (address, error) {
	before, path, _ := strings.Cut(text, ":")
	user, host, found := strings.Cut(before, "@")
	switch {
	case !found:
		return address{}, fail(ErrURL, "repository address host:path names no user: write git@host:path for ssh, or ./ before a folder's name")
	case strings.ContainsAny(host, "[]@%?#/\\ "), strings.ContainsFunc(text, notPrintable):
		return address{}, fail(ErrURL, "repository address user@host:path has no valid host: write ssh://user@host:port/path")
	case strings.ContainsAny(path, "@"):
		// user:password@host:path has its colon in another place than it seems.
		return address{}, fail(ErrURL, "repository address user@host:path has an @ in its path: write ssh://user@host/path")
	}
	path = strings.TrimRight(path, "/")
	u := &url.URL{Scheme: "ssh", User: url.User(user), Host: host, Path: path}
	if host == "" || strings.HasPrefix(host, "-") {
		return address{}, fail(ErrURL, "repository address has no valid host")
	}
	if err := checkSSH(u); err != nil {
		return address{}, err
	}
	return address{remote: u, short: user + "@" + host + ":" + path}, nil
}

func notPrintable(r rune) bool { return !unicode.IsPrint(r) }

// checkSSH refuses what an ssh server, or git on it, could take for something else than a user and a path.
func checkSSH(u *url.URL) error {
	if u.User == nil || u.User.Username() == "" {
		return fail(ErrURL, "repository address names no user: write ssh://git@host/path")
	}
	if _, ok := u.User.Password(); ok {
		return fail(ErrURL, "repository address holds a password: credentials do not belong into a URL")
	}
	switch {
	case !sshUser.MatchString(u.User.Username()):
		return fail(ErrURL, "repository address has no valid user")
	case u.Path == "" || strings.HasPrefix(sshPath(u), "-"):
		return fail(ErrURL, "repository address has no valid path")
	case strings.ContainsFunc(u.Path, unicode.IsControl):
		return fail(ErrURL, "repository address holds control characters")
	}
	return nil
}

// sshPath is the path as git's own client sends it: without the slash before a home folder.
func sshPath(u *url.URL) string {
	if strings.HasPrefix(u.Path, "/~") {
		return u.Path[1:]
	}
	return u.Path
}

// sshHost is the server as it is dialled, and looked for in known_hosts, where OpenSSH has all names in lower case.
func sshHost(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "22"
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}
