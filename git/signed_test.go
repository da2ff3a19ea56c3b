package git

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"
)

const (
	someTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
	people   = "author Ada <ada@example.com> 1 +0000\ncommitter Ada <ada@example.com> 1 +0000\n"
	unsigned = "tree " + someTree + "\n" + people + "\nOne\n"
	someTag  = "object " + someTree + "\ntype commit\ntag v1\ntagger Ada <ada@example.com> 1 +0000\n\nOne\n"
)

// newPGP makes a key that is good for lifetime from then on; zero is for ever.
func newPGP(t testing.TB, then time.Time, lifetime time.Duration) *openpgp.Entity {
	t.Helper()
	e, err := openpgp.NewEntity("Ada", "", "ada@example.com", &packet.Config{
		Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return then }, KeyLifetimeSecs: uint32(lifetime.Seconds()),
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func signPGP(t testing.TB, e *openpgp.Entity, payload string, config *packet.Config) string {
	t.Helper()
	var signature bytes.Buffer
	if err := openpgp.ArmoredDetachSign(&signature, e, strings.NewReader(payload), config); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(signature.String()) + "\n"
}

func signSSH(t testing.TB, payload, namespace string) (ssh.PublicKey, string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := sshsig.Sign(strings.NewReader(payload), key, sshsig.HashSHA512, namespace)
	if err != nil {
		t.Fatal(err)
	}
	return key.PublicKey(), string(sshsig.Armor(sig))
}

// withSignature puts a signature into a commit, where git does.
func withSignature(commit, signature string) []byte {
	head, body, _ := strings.Cut(commit, "\n\n")
	lines := strings.ReplaceAll(strings.TrimSuffix(signature, "\n"), "\n", "\n ")
	return []byte(head + "\ngpgsig " + lines + "\n\n" + body)
}

func TestASignatureIsJudgedByTheStateOfItsKeyToday(t *testing.T) {
	then := time.Now().Add(-time.Hour)
	past := &packet.Config{Time: func() time.Time { return then.Add(time.Second) }}
	good, expired := newPGP(t, then, 0), newPGP(t, then, time.Minute)
	for want, c := range map[string]struct {
		key    *openpgp.Entity
		config *packet.Config
	}{
		"":                          {good, past},
		"the key has expired":       {expired, past},
		"the signature has expired": {good, &packet.Config{Time: past.Time, SigLifetimeSecs: 60}},
	} {
		trusted := &keys{openPGP: openpgp.EntityList{c.key}}
		signer, err := trusted.checkCommit(withSignature(unsigned, signPGP(t, c.key, unsigned, c.config)), someTree)
		if want == "" && (err != nil || !strings.Contains(signer, "(Ada <ada@example.com>)")) {
			t.Errorf("signed by %q, %v", signer, err)
		} else if want != "" && (!errors.Is(err, ErrSignature) || !strings.Contains(err.Error(), want)) {
			t.Errorf("signed by %q, %v, want %s", signer, err, want)
		}
	}
}

func TestASignatureForAnotherPurposeIsRefused(t *testing.T) {
	file, signature := signSSH(t, unsigned, "file")
	if signer, err := (&keys{ssh: []sshKey{{PublicKey: file}}}).checkCommit(withSignature(unsigned, signature), someTree); !errors.Is(err, ErrSignature) {
		t.Errorf("signed by %q, %v", signer, err)
	}
	key := newPGP(t, time.Now().Add(-time.Hour), 0)
	var text bytes.Buffer
	if err := openpgp.ArmoredDetachSignText(&text, key, strings.NewReader(unsigned), nil); err != nil {
		t.Fatal(err)
	}
	trusted := &keys{openPGP: openpgp.EntityList{key}}
	if signer, err := trusted.checkCommit(withSignature(unsigned, text.String()), someTree); !errors.Is(err, ErrSignature) {
		t.Errorf("signed as text by %q, %v", signer, err)
	}
	twice := strings.Repeat(signPGP(t, key, unsigned, nil), 2)
	if signer, err := trusted.checkCommit(withSignature(unsigned, twice), someTree); !errors.Is(err, ErrSignature) {
		t.Errorf("signed twice by %q, %v", signer, err)
	}
	x509 := "-----BEGIN SIGNED MESSAGE-----\nMIIB\n-----END SIGNED MESSAGE-----\n"
	if _, err := trusted.checkCommit(withSignature(unsigned, x509), someTree); err == nil || !strings.Contains(err.Error(), "not supported") {
		t.Errorf("signed with X.509: %v", err)
	}
}

// FuzzSignature looks for an object that passes and whose signed part is not, byte for byte, what a trusted key has signed.
func FuzzSignature(f *testing.F) {
	pgp := newPGP(f, time.Now().Add(-time.Hour), 0)
	key, sshCommit := signSSH(f, unsigned, sshNamespace)
	tagKey, sshTag := signSSH(f, someTag, sshNamespace)
	trusted := &keys{openPGP: openpgp.EntityList{pgp}, ssh: []sshKey{{PublicKey: key}, {PublicKey: tagKey}}}
	pgpCommit := signPGP(f, pgp, unsigned, nil)
	for _, commit := range [][]byte{
		withSignature(unsigned, sshCommit), withSignature(unsigned, pgpCommit), []byte(unsigned), withSignature(unsigned, sshCommit+pgpCommit),
		withSignature(string(withSignature(unsigned, sshCommit)), pgpCommit), []byte("tree " + someTree + "\ngpgsig \n\n"), []byte("gpgsig"),
	} {
		f.Add(commit)
	}
	for _, tag := range []string{someTag, someTag + sshTag, someTag + signPGP(f, pgp, someTag, nil), someTag + sshTag + sshTag, someTag + begin, begin + "\n\n" + begin} {
		f.Add([]byte(tag))
	}
	for _, content := range [][]byte{withSignature(unsigned, sshCommit), withSignature(unsigned, pgpCommit)} {
		if _, err := trusted.checkCommit(content, someTree); err != nil {
			f.Fatal(err)
		}
	}
	if _, err := trusted.checkTag([]byte(someTag+sshTag), tags+"v1"); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if signer, err := trusted.checkCommit(content, someTree); err == nil {
			if s, _ := splitCommit(content); string(s.payload) != unsigned {
				t.Errorf("%s vouches for %q", signer, content)
			}
		}
		if signer, err := trusted.checkTag(content, tags+"v1"); err == nil && signer != "" {
			if s, _ := splitTag(content); string(s.payload) != someTag {
				t.Errorf("%s vouches for %q", signer, content)
			}
		}
	})
}

// FuzzRef looks for a ref that is let pass and leads out of the repository's refs.
func FuzzRef(f *testing.F) {
	for _, text := range []string{"main", "v1.4.2", "refs/pull/420/head", "refs/heads/../../config", ">=1.2 <2", "~1.x || ^2", "a\x00b", ".lock", strings.Repeat("1.", 200), "@{-1}", ">=1.2.3-rc.1, <2"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, o := range []Options{{Branch: text}, {Ref: Ref{Tag: text}}, {Ref: Ref{Name: text}}, {Ref: Ref{SemVer: text}}, {Ref: Ref{Commit: text}}} {
			wanted, err := o.target()
			if err != nil {
				if !errors.Is(err, ErrURL) {
					t.Errorf("%+v: %v", o, err)
				}
				continue
			}
			full := wanted.full
			if full != "" && (!strings.HasPrefix(full, "refs/") || strings.Contains(full, "..") || strings.ContainsAny(full, "\x00\\:*? ")) {
				t.Errorf("%+v leads to %q", o, full)
			}
			if wanted.versions != nil {
				wanted.highest([]string{"v1.0.0", "v1.2.0-rc.1", "v2.0.0", text})
			}
		}
		_, _ = ParseRevision(text)
	})
}

func TestASignatureOfAnotherKindSaysWhichToUse(t *testing.T) {
	for signature, text := range map[string]string{
		"-----BEGIN SIGNED MESSAGE-----\nMIIC\n-----END SIGNED MESSAGE-----\n": "of an X.509 certificate, which is not supported: sign with an OpenPGP or an SSH key",
		"-----BEGIN OTHER-----\nMIIC\n-----END OTHER-----\n":                   "of a kind that is not supported: sign with an OpenPGP or an SSH key",
	} {
		_, err := (&keys{}).checkCommit(withSignature(unsigned, signature), someTree)
		if !errors.Is(err, ErrSignature) || !strings.Contains(err.Error(), text) {
			t.Errorf("%q: %v", signature, err)
		}
	}
}
