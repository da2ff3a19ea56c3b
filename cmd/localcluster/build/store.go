package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// store is the folder of the built binaries, one sub-folder a key.
type store string

func newStore() (store, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the user's cache folder: %w", err)
	}
	return store(filepath.Join(cache, "lockstep", "localcluster")), nil
}

func (s store) binary(key string) string { return filepath.Join(string(s), key, "localcluster") }

// build compiles the binary for key. Of two builders at once one compiles, and the other waits for it.
func (s store) build(root, key string) error {
	if err := os.MkdirAll(string(s), 0o755); err != nil {
		return fmt.Errorf("make cache folder: %w", err)
	}
	unlock, err := s.lock()
	if err != nil {
		return err
	}
	defer unlock()
	path := s.binary(key)
	if exists(path) { // built by whom this one waited for
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make cache folder: %w", err)
	}
	next := path + ".next"
	if err := compile(root, next); err != nil {
		return errors.Join(err, os.RemoveAll(filepath.Dir(path)))
	}
	if err := os.Rename(next, path); err != nil {
		return fmt.Errorf("keep binary: %w", err)
	}
	return s.removeOld()
}

// lock returns when no other builder has the store. The kernel gives the lock back when a builder is killed.
func (s store) lock() (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(string(s), "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		fmt.Fprintln(os.Stderr, "Another process builds the local control plane; waiting for it.")
		err = flock(f)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", f.Name(), err), f.Close())
	}
	return func() { _ = f.Close() }, nil
}

func flock(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// kept is how many binaries the store keeps: more than one, or two copies of the sources would each remove the other's.
const kept = 3

// removeOld removes all but the binaries that were used last. One that runs goes on: its file lives as long as it does.
func (s store) removeOld() error {
	binaries, err := filepath.Glob(s.binary("*"))
	if err != nil {
		return fmt.Errorf("list old binaries: %w", err)
	}
	slices.SortFunc(binaries, func(a, b string) int { return lastUse(b).Compare(lastUse(a)) })
	for _, path := range binaries[min(kept, len(binaries)):] {
		if err := os.RemoveAll(filepath.Dir(path)); err != nil {
			return fmt.Errorf("remove old binary: %w", err)
		}
	}
	return nil
}

// use notes that a binary is used now. Where it cannot, the binary is removed sooner, and built again.
func use(path string) {
	now := time.Now()
	_ = os.Chtimes(path, now, now)
}

// lastUse is long ago for a file that is gone.
func lastUse(path string) time.Time {
	info, err := os.Stat(path)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
