package controlplane

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

func TestAFolderWithForeignFilesIsRefusedAndKept(t *testing.T) {
	home := t.TempDir()
	write(t, filepath.Join(home, "thesis.txt"))
	if err := Dir(home).Claim(); err == nil || !strings.Contains(err.Error(), "it holds thesis.txt") {
		t.Errorf("claim: %v", err)
	}
	if got := names(t, home); got != "thesis.txt" {
		t.Errorf("the folder holds %s", got)
	}
}

func TestAFolderOfAnEarlierClusterIsTakenAndOnlyItsLogsAreKeptAtTheEnd(t *testing.T) {
	d := Dir(t.TempDir())
	for _, path := range []string{
		d.Kubeconfig(), d.state(), d.state() + next, d.stages(), d.pki("ca.crt"), d.join("etcd", "member", "wal"),
		d.lock(), d.Log(Etcd), d.Log(Supervisor),
	} {
		write(t, path)
	}
	if err := d.Claim(); err != nil {
		t.Fatal(err)
	}
	if err := d.clear(); err != nil {
		t.Fatal(err)
	}
	if got := names(t, string(d)); got != "lock log" {
		t.Errorf("after the end the folder holds %s", got)
	}
	if err := d.reset(); err != nil {
		t.Fatal(err)
	}
	if got := names(t, d.join("log")); got != "supervisor.log" {
		t.Errorf("a new start keeps the logs %s", got)
	}
}

func TestAFolderThatIsNotThereIsMadeForItsOwnerOnly(t *testing.T) {
	d := Dir(filepath.Join(t.TempDir(), "deep", "cluster"))
	if err := d.Claim(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(string(d))
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o700 {
		t.Errorf("mode is %o", mode)
	}
}
