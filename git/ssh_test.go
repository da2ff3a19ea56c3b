package git_test

import (
	"crypto/rand"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/git/gittest"
)

// secure is a repository behind a real sshd, and what lets one in.
type secure struct {
	server
	sshd        *gittest.SSHD
	credentials credentials
}

func newSecure(t testing.TB, kinds ...string) secure {
	t.Helper()
	if len(kinds) == 0 {
		kinds = []string{"ed25519"}
	}
	sshd := gittest.ServeSSH(t, kinds)
	s := newServer(t)
	s.url = sshd.URL(s.bare.dir)
	return secure{s, sshd, credentials{"identity": sshd.Identity, "known_hosts": sshd.KnownHosts()}}
}

// open opens the repository with the credentials.
func (s secure) open(t testing.TB, c credentials) *git.Repository {
	t.Helper()
	return openWith(t, git.Options{URL: s.url, Dir: t.TempDir(), Credentials: c.folder(t)})
}

func TestAPushIsSeenOverSSH(t *testing.T) {
	s := newSecure(t)
	hash := s.push("manifests/a.yaml", "a: 1\n")
	r := s.open(t, s.credentials)
	first := fetch(t, r, hash)
	fetch(t, r, hash)
	s.write("manifests/b.yaml", strings.Repeat("b: 1\n", 1000))
	second := fetch(t, r, s.push("manifests/a.yaml", "a: 2\n"))
	if got := content(t, first, "manifests", "a.yaml") + content(t, second, "manifests", "a.yaml"); got != "a: 1\na: 2\n" {
		t.Errorf("files hold %q", got)
	}
	if r.String() != s.url {
		t.Errorf("it is called %s", r)
	}
}

func TestAnEmptyRepositoryOverSSHHasNoCommits(t *testing.T) {
	s := newSecure(t)
	r := s.open(t, s.credentials)
	if _, err := r.Fetch(t.Context()); !errors.Is(err, git.ErrNoCommits) {
		t.Fatalf("fetch: %v", err)
	}
	fetch(t, r, s.push("a.yaml", "a: 1\n"))
}

func TestARepositoryThatIsNotThereOverSSHIsNotFound(t *testing.T) {
	s := newSecure(t)
	s.url += "/not here"
	_, err := s.open(t, s.credentials).Fetch(t.Context())
	if !errors.Is(err, git.ErrNotFound) || strings.Contains(err.Error(), "does not appear") {
		t.Errorf("fetch: %v", err)
	}
}

func TestAPathIsOneWordForTheServersShell(t *testing.T) {
	s := newSecure(t)
	hash := s.push("a.yaml", "a: 1\n")
	dir := filepath.Join(t.TempDir(), "a 'b'!;touch x")
	if err := os.Rename(s.bare.dir, dir); err != nil {
		t.Fatal(err)
	}
	s.url = s.sshd.URL(strings.ReplaceAll(dir, " ", "%20"))
	fetch(t, s.open(t, s.credentials), hash)
}

func TestAKeyThatTheServerDoesNotTakeIsDenied(t *testing.T) {
	s := newSecure(t)
	other, _ := gittest.NewIdentity(t)
	denied(t, s.url, s.credentials.with(credentials{"identity": other}), git.ErrAuth, "access denied (publickey)")
}

func TestAKeyWithAPassphraseOpens(t *testing.T) {
	s := newSecure(t)
	hash := s.push("a.yaml", "a: 1\n")
	key, err := ssh.ParseRawPrivateKey([]byte(s.sshd.Identity))
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte("correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	locked := s.credentials.with(credentials{"identity": string(pem.EncodeToMemory(block))})
	fetch(t, s.open(t, locked.with(credentials{"passphrase": "correct horse\n"})), hash)
	denied(t, s.url, locked, git.ErrCredentials, "give it as the file passphrase")
	denied(t, s.url, locked.with(credentials{"passphrase": "battery staple"}), git.ErrCredentials, "passphrase is not that of identity")
}

func TestCredentialsThatAreNoneOfSSHAreRefused(t *testing.T) {
	s := newSecure(t)
	for text, c := range map[string]credentials{
		"identity is missing":                        s.credentials.with(credentials{"identity": ""}),
		"identity is no private key":                 s.credentials.with(credentials{"identity": rand.Text()}),
		"none of their files":                        {},
		"known_hosts has a line that cannot be read": s.credentials.with(credentials{"known_hosts": s.sshd.Identity}),
	} {
		denied(t, s.url, c, git.ErrCredentials, text)
	}
}

func TestARotatedKeyIsUsedWithTheNextFetch(t *testing.T) {
	s := newSecure(t)
	hash := s.push("a.yaml", "a: 1\n")
	other, _ := gittest.NewIdentity(t)
	wrong := s.credentials.with(credentials{"identity": other})
	dir := t.TempDir()
	wrong.mount(t, dir)
	r := openWith(t, git.Options{URL: s.url, Dir: t.TempDir(), Credentials: dir})
	if _, err := r.Fetch(t.Context()); !errors.Is(err, git.ErrAuth) {
		t.Fatalf("fetch: %v", err)
	}
	s.credentials.mount(t, dir)
	fetch(t, r, hash)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Fetch(t.Context()); !errors.Is(err, git.ErrCredentials) {
		t.Fatalf("fetch: %v", err)
	}
	s.credentials.mount(t, mkdir(t, dir))
	fetch(t, r, hash)
}

func mkdir(t testing.TB, dir string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}
