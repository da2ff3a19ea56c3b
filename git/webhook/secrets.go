package webhook

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	stdsync "sync"
	"time"
)

const (
	// shortestSecret is the least that is taken for one: whoever hears a signature can try shorter ones out.
	shortestSecret = 16
	// maxSecrets is how many are accepted together: an old one, a new one, and some to spare. Each costs a hash of the body.
	maxSecrets = 10
	// maxSecretFile bounds, in bytes, what is read of a file of secrets.
	maxSecretFile = 16 << 10
	// freshFor is how long secrets are used before they are read again.
	freshFor = time.Second
)

// Secrets are what a sender may sign with, each of them as good as the others, so that an old and a new one can be in use
// together: the lines of a file, or those of all files of a folder. They are read again when they may have changed. Where
// anything is wrong with one there are none. Secrets are safe for concurrent use.
type Secrets struct {
	path string

	mu   stdsync.Mutex
	at   time.Time // of the last read
	keys [][]byte
	err  error
}

// NewSecrets returns those at a path, which is read when they are needed.
func NewSecrets(path string) *Secrets { return &Secrets{path: path} }

// Hold reports whether token is one of them. How long it takes tells nothing of any. The error says why there are none.
func (s *Secrets) Hold(token string) (bool, error) {
	keys, err := s.current()
	shown, held := sha256.Sum256([]byte(token)), 0
	for _, key := range keys {
		sum := sha256.Sum256(key)
		held |= subtle.ConstantTimeCompare(sum[:], shown[:])
	}
	return held == 1, err
}

// Check says why there are none, without a word of them.
func (s *Secrets) Check() error {
	_, err := s.current()
	return err
}

func (s *Secrets) current() ([][]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); s.at.IsZero() || now.Sub(s.at) >= freshFor {
		s.keys, s.err = readSecrets(s.path)
		s.at = now
	}
	return s.keys, s.err
}

func readSecrets(path string) ([][]byte, error) {
	files, err := filesAt(path)
	if err != nil {
		return nil, fmt.Errorf("read secrets: %w", err)
	}
	var keys [][]byte
	for _, file := range files {
		found, err := readSecretFile(file)
		if err != nil {
			return nil, fmt.Errorf("read secrets: %w", err)
		}
		keys = append(keys, found...)
	}
	switch {
	case len(keys) == 0:
		return nil, fmt.Errorf("read secrets: %s holds none", path)
	case len(keys) > maxSecrets:
		return nil, fmt.Errorf("read secrets: %s holds more than %d", path, maxSecrets)
	}
	return keys, nil
}

// filesAt returns the files of a folder but for hidden ones, which is how a mounted Secret keeps its versions, or the file.
func filesAt(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return []string{path}, err
	}
	entries, err := os.ReadDir(path)
	var files []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			files = append(files, filepath.Join(path, e.Name()))
		}
	}
	return files, err
}

func readSecretFile(path string) ([][]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // a pipe would block
		return nil, fmt.Errorf("%s is not a file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxSecretFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxSecretFile {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, maxSecretFile)
	}
	return secretsIn(path, text)
}

// secretsIn returns the lines that are not empty.
func secretsIn(path string, text []byte) ([][]byte, error) {
	var keys [][]byte
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		switch {
		case len(line) == 0:
		case len(line) < shortestSecret:
			return nil, fmt.Errorf("%s: a secret is shorter than %d characters", path, shortestSecret)
		default:
			keys = append(keys, line)
		}
	}
	return keys, nil
}
