package git

import (
	"bytes"
	"crypto/sha256"
	"io"
	"os"
	"path/filepath"
	"strings"
	stdsync "sync"

	"github.com/ProtonMail/go-crypto/openpgp"
)

const (
	// maxKeyFiles and maxKeyFile bound the folder of keys: how many files, and bytes of each.
	maxKeyFiles = 1000
	maxKeyFile  = 1 << 20
)

// keyring is a folder of public keys. It is read with each use, so that a key that is taken out vouches for nothing any more,
// and parsed when it has changed.
type keyring struct {
	dir string

	mu   stdsync.Mutex
	sum  [sha256.Size]byte
	keys *keys // nil before the first use
}

// keys are those of one state of the folder.
type keys struct {
	openPGP openpgp.EntityList
	ssh     []sshKey
}

// keyFile is a file of the folder.
type keyFile struct {
	name    string
	content []byte
}

// load returns the keys as they are now. A file that is no key is an error, since its owner means it to be one: signatures
// of the others are not trusted either until that is put right.
func (k *keyring) load() (*keys, error) {
	files, err := k.files()
	if err != nil {
		return nil, fail(ErrSignature, "folder of keys cannot be read: %s", reason(err))
	}
	hasher := sha256.New()
	for _, f := range files {
		for _, part := range [][]byte{[]byte(f.name), f.content} {
			sum := sha256.Sum256(part)
			_, _ = hasher.Write(sum[:])
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if sum := [sha256.Size]byte(hasher.Sum(nil)); k.keys == nil || k.sum != sum {
		parsed, err := parseKeys(files)
		if err != nil {
			return nil, err
		}
		k.keys, k.sum = parsed, sum
	}
	return k.keys, nil
}

// files reads the folder, but for what is hidden: a mounted Secret keeps its files behind such a folder.
func (k *keyring) files() ([]keyFile, error) {
	entries, err := os.ReadDir(k.dir)
	if err != nil {
		return nil, err
	}
	var files []keyFile
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if len(files) == maxKeyFiles {
			return nil, fail(ErrSignature, "more than %d files", maxKeyFiles)
		}
		content, err := readKeyFile(filepath.Join(k.dir, e.Name()))
		if err != nil {
			return nil, fail(ErrSignature, "%s: %s", printable(e.Name()), reason(err))
		}
		files = append(files, keyFile{e.Name(), content})
	}
	return files, nil
}

func readKeyFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fail(ErrSignature, "it is not a file")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	content, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err == nil && len(content) > maxKeyFile {
		err = fail(ErrSignature, "more than %d bytes", maxKeyFile)
	}
	return content, err
}

func parseKeys(files []keyFile) (*keys, error) {
	var all keys
	for _, f := range files {
		if err := all.add(f.content); err != nil {
			return nil, fail(ErrSignature, "file %s of the folder of keys: %s", printable(f.name), err)
		}
	}
	if len(all.openPGP)+len(all.ssh) == 0 {
		return nil, fail(ErrSignature, "folder of keys holds none")
	}
	return &all, nil
}

// add takes a file for what it looks like.
func (k *keys) add(content []byte) error {
	switch {
	case bytes.Contains(content, []byte("PRIVATE KEY")):
		return fail(ErrSignature, "it holds a private key: only public ones belong there")
	case bytes.Contains(content, []byte(begin+"PGP")):
		return k.addArmored(content)
	case len(content) > 0 && content[0]&0x80 != 0: // as every packet of OpenPGP begins
		return k.addOpenPGP(bytes.NewReader(content))
	}
	return k.addSSH(content)
}
