package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// module is the first line of the go.mod that this builder belongs to.
const module = "module github.com/lockstep-dev/lockstep/cmd/localcluster"

// moduleRoot finds the module's folder from the working directory upwards: go run -C sets that to where it is told.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find working directory: %w", err)
	}
	for {
		data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(data), module+"\n") {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("find sources: run it as: go run -C <lockstep>/cmd/localcluster ./build")
		}
		dir = parent
	}
}

// key names all that goes into the binary: the module's sources and versions, the compiler, the system that it is for,
// and, by this builder's own sources, how it is compiled. Tests are not in it.
func key(root string) (string, error) {
	h := sha256.New()
	_, _ = fmt.Fprintln(h, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() || !compiled(e.Name()) {
			return nil
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		return addFile(h, filepath.ToSlash(name), path)
	})
	if err != nil {
		return "", fmt.Errorf("read sources: %w", err)
	}
	const length = 20 // hexadecimal digits: short enough for a path, long enough to be unique
	return hex.EncodeToString(h.Sum(nil))[:length], nil
}

// compiled says which files go into the binary. The module embeds no others.
func compiled(name string) bool {
	if name == "go.mod" || name == "go.sum" {
		return true
	}
	return strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
}

func addFile(h hash.Hash, name, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(h, name, info.Size())
	_, err = io.Copy(h, f)
	return err
}
