package git_test

import (
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io"
	"net"
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
	t.Parallel()
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
	t.Parallel()
	s := newSecure(t)
	r := s.open(t, s.credentials)
	if _, err := r.Fetch(t.Context()); !errors.Is(err, git.ErrNoCommits) {
		t.Fatalf("fetch: %v", err)
	}
	fetch(t, r, s.push("a.yaml", "a: 1\n"))
}

func TestARepositoryThatIsNotThereOverSSHIsNotFound(t *testing.T) {
	t.Parallel()
	s := newSecure(t)
	s.url += "/not here"
	_, err := s.open(t, s.credentials).Fetch(t.Context())
	if !errors.Is(err, git.ErrNotFound) || strings.Contains(err.Error(), "does not appear") {
		t.Errorf("fetch: %v", err)
	}
}

func TestAPathIsOneWordForTheServersShell(t *testing.T) {
	t.Parallel()
	s := newSecure(t)
	hash := s.push("a.yaml", "a: 1\n")
	dir := filepath.Join(t.TempDir(), "a 'b'!;touch x")
	if err := os.Rename(s.bare.dir, dir); err != nil {
		t.Fatal(err)
	}
	s.url = s.sshd.URL(strings.ReplaceAll(dir, " ", "%20"))
	fetch(t, s.open(t, s.credentials), hash)
}

// TestWhatAServerSaysOverSSHIsToldApartInOurOwnWords has a program answer and end as those of well-known servers do.
func TestWhatAServerSaysOverSSHIsToldApartInOurOwnWords(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		out, complaint string
		status         byte
		kind           error
	}{
		"GitHub":                    {"", "ERROR: Repository not found.\n" + forged, 1, git.ErrNotFound},
		"GitLab":                    {"", "remote: ERROR: The project you were looking for could not be found" + forged, 1, git.ErrNotFound},
		"Gitea":                     {"", "Gitea: Unauthorized\n" + forged, 1, git.ErrAuth},
		"no shell":                  {"", "This account is not allowed to log in" + forged, 1, git.ErrAuth},
		"an error line":             {pkt("ERR access denied or repository not exported: /a.git" + forged), "", 0, git.ErrAuth},
		"nothing":                   {"", "", 0, git.ErrUnavailable},
		"no git":                    {"", "sh: git-upload-pack: command missing" + forged, 127, git.ErrUnavailable},
		"a greeting":                {"Welcome! " + forged, "", 0, git.ErrUnavailable},
		"cut":                       {pkt(refs)[:30], "", 0, git.ErrUnavailable},
		"an empty list and a crash": {"0000", forged, 128, git.ErrUnavailable},
		"an empty list":             {"0000", "", 0, git.ErrNoCommits},
		"a flood of complaints":     {"", strings.Repeat(forged, 1<<14), 1, git.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			address, files := runs(t, hostKey(t), func(channel ssh.Channel) {
				_, _ = io.WriteString(channel, c.out)
				_, _ = io.WriteString(channel.Stderr(), c.complaint)
				_, _ = channel.SendRequest("exit-status", false, []byte{0, 0, 0, c.status})
				_ = channel.Close()
			})
			url := "ssh://git@" + address + "/a.git"
			_, err := openWith(t, git.Options{URL: url, Dir: t.TempDir(), Credentials: files.folder(t)}).Fetch(t.Context())
			if !errors.Is(err, c.kind) || !errors.Is(c.kind, git.ErrNoCommits) && errors.Is(err, git.ErrNoCommits) {
				t.Fatalf("fetch: %v, want %v", err, c.kind)
			}
			if text := err.Error(); strings.Contains(text, "hunter2") || strings.Contains(text, "\x1b") || !strings.HasPrefix(text, url+": ") {
				t.Errorf("the server's words are in %q, or the repository is not", text)
			}
		})
	}
}

func TestAServerThatIsNotOneOfSSHIsUnavailable(t *testing.T) {
	t.Parallel()
	identity, public := gittest.NewIdentity(t)
	for text, say := range map[string]string{
		"does not speak ssh":    "HTTP/1.1 400 Bad Request\r\n\r\n" + forged + strings.Repeat("x", 1<<16),
		"closed the connection": "",
	} {
		address := listen(t, func(conn net.Conn) { _, _ = io.WriteString(conn, say) })
		c := credentials{"identity": identity, "known_hosts": known("", address, public)}
		denied(t, "ssh://git@"+address+"/a.git", c, git.ErrUnavailable, text)
	}
	address := listen(t, mute)
	c := credentials{"identity": identity, "known_hosts": known("", "127.0.0.1:1", public) + known("", address, public)}
	denied(t, "ssh://git@127.0.0.1:1/a.git", c, git.ErrUnavailable, "connection refused")
}

func TestAKeyThatTheServerDoesNotTakeIsDenied(t *testing.T) {
	t.Parallel()
	s := newSecure(t)
	other, _ := gittest.NewIdentity(t)
	denied(t, s.url, s.credentials.with(credentials{"identity": other}), git.ErrAuth, "access denied (publickey)")
}

func TestAKeyWithAPassphraseOpens(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
	s := newSecure(t)
	for text, c := range map[string]credentials{
		"identity is missing":                                  s.credentials.with(credentials{"identity": ""}),
		"identity is no private key":                           s.credentials.with(credentials{"identity": rand.Text()}),
		"none of their files":                                  {},
		"known_hosts has a line that cannot be read, line 1: ": s.credentials.with(credentials{"known_hosts": s.sshd.Identity}),
		"known_hosts has a line that cannot be read, line 3: ": s.credentials.with(credentials{
			"known_hosts": "# of another kind\n" + s.sshd.KnownHosts() + "git.example.com ssh-newest AAAACnNzaC1uZXdlc3Q=\n",
		}),
	} {
		denied(t, s.url, c, git.ErrCredentials, text)
	}
}

func TestARotatedKeyIsUsedWithTheNextFetch(t *testing.T) {
	t.Parallel()
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
