package git_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
)

// signer is an SSH key and its public half, as ssh-keygen makes them.
type signer struct{ private, public string }

func newSigner(t testing.TB, flags ...string) signer {
	t.Helper()
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		t.Skip("ssh-keygen is not installed: apt-get install openssh-client")
	}
	name := filepath.Join(t.TempDir(), "id")
	if len(flags) == 0 {
		flags = []string{"-t", "ed25519"}
	}
	out, err := exec.Command("ssh-keygen", append(flags, "-q", "-N", "", "-C", "ada@example.com", "-f", name)...).CombinedOutput()
	if err != nil {
		t.Fatalf("ssh-keygen: %v\n%s", err, out)
	}
	public, err := os.ReadFile(name + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	return signer{name, string(public)}
}

// signing has git sign with the key.
func (s signer) signing(args ...string) []string {
	return append([]string{"-c", "gpg.format=ssh", "-c", "user.signingKey=" + s.private}, args...)
}

// commitSigned commits one file with a signature, and returns the hash.
func (r repo) commitSigned(s signer, content string) string {
	r.t.Helper()
	r.write("a.yaml", content)
	r.run("add", "-A")
	r.run(s.signing("commit", "-q", "-S", "-m", "Change a.yaml")...)
	return r.run("rev-parse", "HEAD")
}

// trust writes a folder of keys.
func trust(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// distrusts wants a fetch to fail for want of a signature, and each text to be said.
func distrusts(t testing.TB, r *git.Repository, texts ...string) {
	t.Helper()
	s, err := r.Fetch(t.Context())
	if !errors.Is(err, git.ErrSignature) || !s.Revision.IsZero() {
		t.Fatalf("fetched %s, %v", s.Revision, err)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("fetch: %v, want %q in it", err, text)
		}
	}
}

func TestOnlyACommitThatATrustedKeyHasSignedIsHandedOut(t *testing.T) {
	ada, eve := newSigner(t), newSigner(t)
	s := newServer(t)
	keys := trust(t, map[string]string{"ada.pub": ada.public})
	local := func() *git.Repository { return openWith(t, git.Options{URL: s.dir, Keys: keys}) }
	remote := openWith(t, git.Options{URL: s.url, Dir: t.TempDir(), Keys: keys})
	push := func(hash string) string {
		s.run("push", "-q", "--force", "origin", "main")
		return hash
	}
	hash := push(s.commitSigned(ada, "a: 1\n"))
	for _, r := range []*git.Repository{local(), remote} {
		got := fetch(t, r, hash)
		if !strings.HasPrefix(got.Signer, "SSH key SHA256:") || !strings.HasSuffix(got.Signer, "(ada@example.com)") {
			t.Errorf("signed by %q", got.Signer)
		}
	}
	good := fetch(t, remote, hash)
	hash = push(s.commitSigned(eve, "a: 2\n"))
	for _, r := range []*git.Repository{local(), remote} {
		distrusts(t, r, "commit "+hash[:7]+": it is signed with the SSH key SHA256:", "not among the trusted keys")
	}
	hash = push(s.commit("a.yaml", "a: 3\n"))
	for _, r := range []*git.Repository{local(), remote} {
		distrusts(t, r, "commit "+hash[:7]+": it is not signed")
	}
	if got := content(t, good, ".", "a.yaml"); got != "a: 1\n" {
		t.Errorf("the last good one reads %q", got)
	}
	fetch(t, remote, push(s.commitSigned(ada, "a: 4\n")))
}

func TestTheFolderOfKeysIsReadAgainWhenItChanges(t *testing.T) {
	ada, ben := newSigner(t), newSigner(t)
	work := newRepo(t)
	hash := work.commitSigned(ada, "a: 1\n")
	keys := trust(t, map[string]string{"keys": ada.public})
	r := openWith(t, git.Options{URL: work.dir, Keys: keys})
	put := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(keys, "keys"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	fetch(t, r, hash)
	put(ben.public)
	distrusts(t, r, "not among the trusted keys")
	put("# both\n\n" + ben.public + ada.public)
	fetch(t, r, hash)
	put("ada@example.com namespaces=\"file,git\",valid-after=\"20200102\" " + ada.public)
	fetch(t, r, hash)
	put("\"Ada Lovelace\" " + ada.public)
	fetch(t, r, hash)
	for text, want := range map[string]string{
		"ada namespaces=\"file\" " + ada.public:       "may not sign for git",
		"ada namespaces=\"*,!git\" " + ada.public:     "may not sign for git",
		"ada valid-before=\"20200102\" " + ada.public: "has expired",
		"ada valid-after=\"29990102Z\" " + ada.public: "not valid yet",
		"ada valid-after=\"soon\" " + ada.public:      "a time that is none",
		"* cert-authority " + ada.public:              "certificate authorities are not supported",
		"ada touch-required " + ada.public:            `option "touch-required" is not supported`,
		"ada ssh-ed25519 AAAA":                        "no public key",
		ada.public + "and a note\n":                   "no public key",
		"":                                            "no public key",
		read(t, ada.private):                          "private key",
		"-----BEGIN PGP SIGNATURE-----\n\n":           "no public key",
		"\x99\x00\x01":                                "no public key",
	} {
		put(text)
		distrusts(t, r, want)
	}
	if err := os.Remove(filepath.Join(keys, "keys")); err != nil {
		t.Fatal(err)
	}
	distrusts(t, r, "folder of keys holds none")
	if err := os.RemoveAll(keys); err != nil {
		t.Fatal(err)
	}
	distrusts(t, r, "folder of keys cannot be read")
}

func read(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestKeysThatAreTooWeakAreNotTaken(t *testing.T) {
	work := newRepo(t)
	work.commit("a.yaml", "a: 1\n")
	weak := newSigner(t, "-t", "rsa", "-b", "1024")
	distrusts(t, openWith(t, git.Options{URL: work.dir, Keys: trust(t, map[string]string{"rsa.pub": weak.public})}), "less than 2048 bits")
}

func TestEveryKindOfSSHKeyIsTaken(t *testing.T) {
	for _, flags := range [][]string{{"-t", "rsa", "-b", "2048"}, {"-t", "ecdsa"}} {
		key := newSigner(t, flags...)
		work := newRepo(t)
		hash := work.commitSigned(key, "a: 1\n")
		fetch(t, openWith(t, git.Options{URL: work.dir, Keys: trust(t, map[string]string{"key.pub": key.public})}), hash)
	}
}

func TestASignedTagVouchesForItsCommitAndForNoOtherName(t *testing.T) {
	ada, eve := newSigner(t), newSigner(t)
	keys := trust(t, map[string]string{"ada.pub": ada.public})
	onBoth(t, func(t *testing.T, work repo, share func(), _ func(git.Ref) *git.Repository) {
		o := git.Options{URL: work.dir, Keys: keys}
		if origin, err := exec.Command("git", "-C", work.dir, "remote").Output(); err == nil && len(origin) > 0 {
			o.URL, o.Dir = at(t, work.run("remote", "get-url", "origin")).Serve(), t.TempDir()
		}
		tagged := func(name string) *git.Repository { o.Ref = git.Ref{Tag: name}; return openWith(t, o) }
		unsigned := work.commit("a.yaml", "a: 1\n")
		work.run(ada.signing("tag", "-s", "-m", "one", "v1.0.0")...)
		work.run(eve.signing("tag", "-s", "-m", "one", "v1.1.0")...)
		work.run("tag", "-a", "-m", "unsigned", "v1.2.0")
		work.run("update-ref", "refs/tags/v9.0.0", "v1.0.0")
		signed := work.commitSigned(ada, "a: 2\n")
		work.run("tag", "light")
		work.run("tag", "-a", "-m", "unsigned", "v1.3.0")
		work.run(eve.signing("tag", "-s", "-m", "another's", "v1.4.0")...)
		share()
		fetch(t, tagged("v1.0.0"), unsigned)
		distrusts(t, tagged("v1.1.0"), "tag v1.1.0: it is signed with the SSH key")
		distrusts(t, tagged("v1.2.0"), "commit "+unsigned[:7]+": it is not signed")
		distrusts(t, tagged("v9.0.0"), `what was signed is the tag "v1.0.0"`)
		fetch(t, tagged("light"), signed)
		fetch(t, tagged("v1.3.0"), signed)
		distrusts(t, tagged("v1.4.0"), "tag v1.4.0: it is signed with the SSH key")
		o.Ref = git.Ref{SemVer: "1.0.x"}
		fetch(t, openWith(t, o), unsigned)
	})
}

// object writes a commit by hand, makes it the head of main, and returns its hash.
func (r repo) object(content string) string {
	r.t.Helper()
	name := filepath.Join(r.t.TempDir(), "commit")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		r.t.Fatal(err)
	}
	hash := r.run("hash-object", "-t", "commit", "--literally", "-w", name)
	r.write(".git/refs/heads/main", hash+"\n")
	return hash
}

func TestASignatureIsOfTheExactBytes(t *testing.T) {
	ada := newSigner(t)
	work := newRepo(t)
	hash := work.commitSigned(ada, "a: 1\n")
	good, _ := exec.Command("git", "-C", work.dir, "cat-file", "commit", hash).Output()
	evil := work.commit("a.yaml", "a: evil\n")
	tree := work.run("rev-parse", evil+"^{tree}")
	r := openWith(t, git.Options{URL: work.dir, Keys: trust(t, map[string]string{"ada.pub": ada.public})})
	text := string(good)
	at := strings.Index(text, "gpgsig ")
	end := strings.Index(text, " -----END SSH SIGNATURE-----\n") + len(" -----END SSH SIGNATURE-----\n")
	signature := text[at:end]
	ours := text[:strings.Index(text, "\n")+1]
	fetch(t, r, work.object(text))
	for name, altered := range map[string]string{
		"another tree":              strings.Replace(text, ours, "tree "+tree+"\n", 1),
		"a tree before":             "tree " + tree + "\n" + text,
		"a tree after":              ours + "tree " + tree + "\n" + strings.TrimPrefix(text, ours),
		"another message":           strings.TrimSuffix(text, "\n") + "!\n",
		"one more newline":          text + "\n",
		"no last newline":           strings.TrimSuffix(text, "\n"),
		"a second signature":        text[:end] + signature + text[end:],
		"a second, empty signature": text[:end] + "gpgsig \n" + text[end:],
		"a signature of SHA-256":    text[:end] + "gpgsig-sha256 x\n" + text[end:],
		"a header like it":          text[:end] + "gpgsigx evil\n" + text[end:],
		"a line in the signature":   text[:end] + " evil\n" + text[end:],
		"a line before it":          text[:at] + "gpgsig evil\n " + strings.TrimPrefix(signature, "gpgsig ") + text[end:],
		"in the message":            text[:at] + text[end:] + "\n" + signature,
		"in a merged tag":           text[:at] + "mergetag object " + hash + "\n " + strings.ReplaceAll(signature, "\n", "\n ") + text[end:],
		"another parent":            ours + "parent " + evil + "\n" + strings.TrimPrefix(text, ours),
	} {
		t.Run(name, func(t *testing.T) {
			work.object(altered)
			s, err := r.Fetch(t.Context())
			if err == nil || !errors.Is(err, git.ErrSignature) && !errors.Is(err, git.ErrCorrupt) {
				t.Errorf("fetched %s, %v", s.Revision, err)
			}
		})
	}
}

// openPGP is a key in a home of gpg's own.
type openPGP struct {
	t    testing.TB
	home string
}

func newOpenPGP(t testing.TB, expires string) openPGP {
	t.Helper()
	if _, err := exec.LookPath("gpg"); err != nil {
		t.Skip("gpg is not installed: apt-get install gnupg")
	}
	home, err := os.MkdirTemp("", "gpg") // a short name: gpg's socket is in it
	if err != nil {
		t.Fatal(err)
	}
	g := openPGP{t, home}
	t.Cleanup(func() {
		_ = exec.Command("gpgconf", "--homedir", home, "--kill", "all").Run()
		_ = os.RemoveAll(home)
	})
	g.run("--passphrase", "", "--quick-gen-key", "Ada <ada@example.com>", "ed25519", "sign", expires)
	return g
}

func (g openPGP) run(args ...string) string {
	g.t.Helper()
	cmd := exec.Command("gpg", append([]string{"--homedir", g.home, "--batch", "--yes", "--quiet", "--no-tty"}, args...)...)
	out, err := cmd.Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			err = fmt.Errorf("%w: %s", err, exit.Stderr)
		}
		g.t.Fatalf("gpg %v: %v", args, err)
	}
	return string(out)
}

func (r repo) commitOpenPGP(g openPGP, name, content string) string {
	r.t.Helper()
	r.t.(*testing.T).Setenv("GNUPGHOME", g.home)
	r.write(name, content)
	r.run("add", "-A")
	r.run("-c", "user.signingKey=ada@example.com", "commit", "-q", "-S", "-m", "Change "+name)
	return r.run("rev-parse", "HEAD")
}

func TestOpenPGPKeysVouchUntilTheyExpireOrAreRevoked(t *testing.T) {
	ada, other := newOpenPGP(t, "never"), newOpenPGP(t, "never")
	work := newRepo(t)
	hash := work.commitOpenPGP(ada, "a.yaml", "a: 1\n")
	armored, binary := ada.run("--armor", "--export"), ada.run("--export")
	theirs := other.run("--armor", "--export")
	for name, files := range map[string]map[string]string{
		"armored": {"ada.asc": armored}, "binary": {"ada.gpg": binary}, "among others": {"all.asc": theirs + "\n" + armored},
	} {
		t.Run(name, func(t *testing.T) {
			got := fetch(t, openWith(t, git.Options{URL: work.dir, Keys: trust(t, files)}), hash)
			if !strings.HasPrefix(got.Signer, "OpenPGP key ") || !strings.HasSuffix(got.Signer, " (Ada <ada@example.com>)") {
				t.Errorf("signed by %q", got.Signer)
			}
		})
	}
	with := func(files map[string]string) *git.Repository {
		return openWith(t, git.Options{URL: work.dir, Keys: trust(t, files)})
	}
	distrusts(t, with(map[string]string{"other.asc": theirs}), "it is signed with the OpenPGP key ", "not among the trusted keys")
	distrusts(t, with(map[string]string{"ada.asc": ada.run("--armor", "--export-secret-keys")}), "private key")
	_, listed, _ := strings.Cut(ada.run("--with-colons", "--list-keys"), "\nfpr:::::::::")
	fingerprint, _, _ := strings.Cut(listed, ":")
	revocation := strings.Replace(read(t, filepath.Join(ada.home, "openpgp-revocs.d", fingerprint+".rev")), ":-----BEGIN", "-----BEGIN", 1)
	file := filepath.Join(t.TempDir(), "rev")
	if err := os.WriteFile(file, []byte(revocation), 0o600); err != nil {
		t.Fatal(err)
	}
	ada.run("--import", file)
	revoked := ada.run("--armor", "--export")
	distrusts(t, with(map[string]string{"ada.asc": revoked}), "the key is revoked")
	distrusts(t, with(map[string]string{"a.asc": armored, "b.asc": revoked}), "the key is revoked")
	distrusts(t, with(map[string]string{"a.asc": revoked, "b.asc": armored}), "the key is revoked")
}
