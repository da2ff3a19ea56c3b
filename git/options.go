package git

import "time"

// What a repository is read with unless [Options] say otherwise.
const (
	DefaultBranch  = "main"
	DefaultTimeout = 60 * time.Second
)

// What one call of [Snapshot.Files] reads at most. They are far above what a folder of manifests needs, and low enough
// that a hostile repository cannot take the memory of the daemon.
const (
	MaxFileSize    = 1 << 20  // bytes of one file
	MaxPathSize    = 10 << 20 // bytes of all files below the path together
	MaxPathEntries = 100_000  // files and folders below the path together
)

// Options say what of which repository is read.
type Options struct {
	// URL is the https, http or ssh address of a remote, without a password, or the path of a folder: a work tree, a folder
	// inside one, or a bare repository.
	URL string
	// Branch is a branch's name without refs/heads/; empty means [DefaultBranch], or what Ref says.
	Branch string
	// Ref is what is read in place of a branch's head. Branch is empty where it is set.
	Ref Ref
	// Folders are what [Repository.Expect] is told at first.
	Folders []string
	// Dir is the folder that keeps the local copies of remotes, each in a sub-folder of its own. It is made when it is
	// missing, it is only a cache, and several repositories and processes may share it. Folders need none.
	Dir string
	// Space bounds what is in Dir; nil for no bound.
	Space *Space
	// Credentials is the folder of the files by which a remote knows its client, and the client the remote; it is read with
	// each Fetch. Over ssh there must be one, over http:// there may not.
	Credentials string
	// Proxy is the URL of a proxy for the remote: http, https, socks5 or socks5h. Without, the environment's is used for
	// https and http, and none for ssh.
	Proxy string
	// Keys is a folder of public keys, of OpenPGP and SSH. Where it is set, a commit is handed out only when one of them has
	// signed it, or the tag that led to it; it is read with each Fetch. Empty asks for no signatures.
	Keys string
	// Timeout bounds what one Fetch does on the network; zero means [DefaultTimeout].
	Timeout time.Duration
}

func (o Options) withDefaults() Options {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	return o
}

// Check says what is wrong with the URL, the Branch and the Ref, as far as their text tells: what it lets pass, Open refuses only for
// what it finds on the machine. It looks at no folder and makes no network call, and Dir may be empty. Its errors are of the
// kind [ErrURL] and quote nothing of the URL.
func (o Options) Check() error {
	if _, err := parseAddress(o.URL); err != nil {
		return err
	}
	_, err := o.target()
	return err
}

// Name returns what [Repository.String] would, and checks what Check does: a folder as it was given, and not the repository
// that it may be inside.
func (o Options) Name() (string, error) {
	if err := o.Check(); err != nil {
		return "", err
	}
	at, err := parseAddress(o.URL)
	return at.String(), err
}
