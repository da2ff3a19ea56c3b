package git

import (
	"bytes"
	"time"
)

// verify returns the key that vouches for what s is, or why none does.
//
// Where a tag led to the commit and is signed, its signature counts, and nothing makes up for one that is refused: it must be
// for the tag's very name, lest an old tag be passed off as a new one. Everywhere else that of the commit counts.
func (k *keyring) verify(s Snapshot) (string, error) {
	trusted, err := k.load()
	if err != nil {
		return "", err
	}
	from := s.objects.reader()
	defer from.close()
	p, err := from.peel(s.at.hash)
	if err != nil {
		return "", err
	}
	if len(p.tags) > 0 {
		signer, err := trusted.checkTag(p.tags[0], s.at.full)
		if signer != "" || err != nil {
			return signer, within("tag "+shownRef(s.at.full), err)
		}
	}
	signer, err := trusted.checkCommit(p.commit, s.root.String())
	return signer, within("commit "+p.hash.String()[:shortHash], err)
}

// checkTag returns "" for a tag that is not signed.
func (k *keys) checkTag(content []byte, full string) (string, error) {
	s, err := splitTag(content)
	if err != nil || s.signature == nil {
		return "", err
	}
	t, err := parseTag(s.payload)
	if err != nil {
		return "", err
	}
	if full != "" && full != tags+t.name {
		return "", fail(ErrSignature, "what was signed is the tag %q", printable(t.name))
	}
	return k.check(s)
}

// checkCommit wants the commit signed, and the files to be those that were.
func (k *keys) checkCommit(content []byte, root string) (string, error) {
	s, err := splitCommit(content)
	if err != nil {
		return "", err
	}
	if s.signature == nil {
		return "", fail(ErrSignature, "it is not signed, and signatures are required")
	}
	if !bytes.HasPrefix(s.payload, []byte("tree "+root+"\n")) {
		return "", fail(ErrSignature, "what was signed are other files")
	}
	return k.check(s)
}

func (k *keys) check(s signed) (string, error) {
	switch {
	case bytes.HasPrefix(s.signature, []byte(pgpBegin)):
		return k.checkOpenPGP(s)
	case bytes.HasPrefix(s.signature, []byte(sshBegin)):
		return k.checkSSH(s, time.Now())
	}
	kind := "of a kind that is not supported"
	if bytes.HasPrefix(s.signature, []byte(x509Begin)) {
		kind = "of an X.509 certificate, which is not supported"
	}
	return "", fail(ErrSignature, "its signature is %s: sign with an OpenPGP or an SSH key (git config gpg.format)", kind)
}
