package git

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"
)

// What a caller branches on, likewise.
var (
	ErrCredentials = errors.New("credentials are not usable") // a file of the folder is missing, or is not what it should be
	ErrHostKey     = errors.New("host key mismatch")          // known_hosts is missing, or does not have the server's key
)

// The files of a credentials folder. Others in it are ignored.
const (
	fileUsername   = "username"
	filePassword   = "password"
	fileToken      = "token" // sent as a bearer token
	fileCA         = "ca.crt"
	fileCert       = "tls.crt"
	fileKey        = "tls.key"
	fileIdentity   = "identity"
	filePassphrase = "passphrase" // of identity
	fileKnownHosts = "known_hosts"
	fileAppID      = "github-app-id"
	fileAppInstall = "github-app-installation-id"
	fileAppKey     = "github-app-private-key"
	fileAppAPI     = "github-app-api-url"
)

var credentialFiles = []string{
	fileUsername, filePassword, fileToken, fileCA, fileCert, fileKey, fileIdentity, filePassphrase, fileKnownHosts,
	fileAppID, fileAppInstall, fileAppKey, fileAppAPI,
}

const (
	// maxCredential bounds one file, in bytes; a Secret holds no more.
	maxCredential = 1 << 20
	// maxSwaps is how often a folder is read again that is replaced meanwhile.
	maxSwaps = 5
	// mounted is the link by which Kubernetes replaces all files of a mounted Secret at once.
	mounted = "..data"
)

// credentials are the files of a folder. They must never be printed.
type credentials struct {
	dir   string // where they were read
	files map[string]string
}

// readCredentials reads a folder as it is now. Of one that Kubernetes keeps, all files are of the same version.
func readCredentials(dir string) (*credentials, error) {
	for range maxSwaps {
		version := versionOf(dir)
		read, err := readVersion(version)
		if versionOf(dir) != version {
			continue
		}
		if err != nil {
			return nil, err
		}
		if len(read.files) == 0 {
			return nil, fail(ErrCredentials, "credentials: none of their files is in %s", printable(dir))
		}
		return read, nil
	}
	return nil, fail(ErrCredentials, "credentials: %s is being replaced again and again", printable(dir))
}

// versionOf returns the folder that holds the files of a mounted Secret, or dir itself.
func versionOf(dir string) string {
	if version, err := filepath.EvalSymlinks(filepath.Join(dir, mounted)); err == nil {
		return version
	}
	return dir
}

func readVersion(dir string) (*credentials, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, fail(ErrCredentials, "credentials: %s is not a folder that can be read", printable(dir))
	}
	read := &credentials{dir: dir, files: map[string]string{}}
	for _, name := range credentialFiles {
		text, err := readCredential(filepath.Join(dir, name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, fail(ErrCredentials, "credentials: %s cannot be read: %s", name, reason(err))
		default:
			read.files[name] = text
		}
	}
	return read, nil
}

func readCredential(name string) (string, error) {
	info, err := os.Stat(name)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() { // a pipe would block
		return "", errors.New("it is not a file")
	}
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxCredential+1))
	if err == nil && len(text) > maxCredential {
		err = errors.New("it is larger than 1 MiB")
	}
	return string(text), err
}

// line returns what a file of a single line says; many an editor ends it with a line break.
func (c *credentials) line(name string) (string, error) {
	text := strings.TrimRight(c.files[name], "\r\n")
	switch {
	case text == "":
		return "", fail(ErrCredentials, "credentials: %s is empty", name)
	case strings.ContainsFunc(text, unicode.IsControl):
		return "", fail(ErrCredentials, "credentials: %s holds control characters or several lines", name)
	}
	return text, nil
}

func (c *credentials) has(names ...string) bool {
	for _, name := range names {
		if _, ok := c.files[name]; ok {
			return true
		}
	}
	return false
}

// together refuses a part of what is of use only as a whole.
func (c *credentials) together(names ...string) error {
	for _, name := range names {
		if c.has(names...) && !c.has(name) {
			return fail(ErrCredentials, "credentials: %s is missing: %s go together", name, strings.Join(names, " and "))
		}
	}
	return nil
}
