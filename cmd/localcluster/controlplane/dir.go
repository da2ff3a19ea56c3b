package controlplane

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Dir is the folder of one cluster: its keys, data, logs and state. One supervisor at a time owns it.
type Dir string

// DefaultDir is the folder of the user's one cluster, in the user's cache folder.
func DefaultDir() (Dir, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the user's cache folder: %w", err)
	}
	return Dir(filepath.Join(cache, "lockstep", "cluster")), nil
}

// Kubeconfig is the file of the administrator's access. It is there while the cluster is ready.
func (d Dir) Kubeconfig() string { return d.join("kubeconfig") }

// Log is the log file of a component, or of the supervisor.
func (d Dir) Log(name string) string { return d.join("log", name+".log") }

func (d Dir) lock() string             { return d.join("lock") }
func (d Dir) state() string            { return d.join("state.json") }
func (d Dir) stages() string           { return d.join("stages.yaml") }
func (d Dir) pki(file string) string   { return d.join("pki", file) }
func (d Dir) join(at ...string) string { return filepath.Join(append([]string{string(d)}, at...)...) }

// Claim makes the folder, if need be. It refuses a folder that holds something else, since a start empties it.
func (d Dir) Claim() error {
	entries, err := os.ReadDir(string(d))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the cluster's folder: %w", err)
	}
	ours := []string{"etcd", "kubeconfig", "kwok", "lock", "log", "pki", "stages.yaml", "state.json"}
	for _, e := range entries {
		if !slices.Contains(ours, strings.TrimSuffix(e.Name(), next)) {
			return fmt.Errorf("folder %s is not a cluster's: it holds %s", d, e.Name())
		}
	}
	if err := os.MkdirAll(d.join("log"), 0o700); err != nil {
		return fmt.Errorf("make the cluster's folder: %w", err)
	}
	return nil
}

// reset removes what an earlier cluster left, its logs too, but not the supervisor's own, which may be open already.
func (d Dir) reset() error {
	if err := d.clear(); err != nil {
		return err
	}
	logs, err := filepath.Glob(d.Log("*"))
	if err != nil {
		return fmt.Errorf("list old logs: %w", err)
	}
	for _, log := range logs {
		if log == d.Log(Supervisor) {
			continue
		}
		if err := os.Remove(log); err != nil {
			return fmt.Errorf("remove old log: %w", err)
		}
	}
	return nil
}

// clear removes keys, data and state, and keeps the logs: they may say why the cluster ended.
func (d Dir) clear() error {
	for _, path := range []string{
		d.Kubeconfig(), d.Kubeconfig() + next, d.state(), d.state() + next, d.stages(), d.stages() + next,
		d.join("pki"), d.join("etcd"), d.join("kwok"),
	} {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("remove old cluster: %w", err)
		}
	}
	return nil
}

// next ends the name of a file that is being written.
const next = ".next"

// replaceFile writes a file that others read meanwhile: they see the old one or the new one.
func replaceFile(path string, data []byte, mode fs.FileMode) error {
	if err := os.WriteFile(path+next, data, mode); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(path+next, path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
