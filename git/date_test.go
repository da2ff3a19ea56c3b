package git_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// TestACommitOfAnyDateCanBeWrittenDown has dates that git takes, and that JSON cannot hold as they are.
func TestACommitOfAnyDateCanBeWrittenDown(t *testing.T) {
	t.Parallel()
	work := newRepo(t)
	work.commit("a.yaml", "a: 1\n")
	tree := work.run("rev-parse", "HEAD^{tree}")
	for date, want := range map[string]string{
		"1767323046 +0100":           `"2026-01-02T04:04:06+01:00"`,
		"253402300799 +0000":         `"9999-12-31T23:59:59Z"`,
		"253402300799 +0100":         `"9999-12-31T23:59:59Z"`,
		"999999999999 +0000":         `"9999-12-31T23:59:59Z"`,
		"9223372036854775807 +0000":  `"9999-12-31T23:59:59Z"`,
		"99999999999999999999 +0000": `"0001-01-01T00:00:00Z"`,
		"1 +9999":                    `"1970-01-01T00:00:01Z"`,
		"1 -9959":                    `"1970-01-01T00:00:01Z"`,
		"1 +2400":                    `"1970-01-01T00:00:01Z"`,
		"-99999999999999 +0000":      `"0001-01-01T00:00:00Z"`,
		"-62135596799 -0100":         `"0001-01-01T00:00:01Z"`,
		"":                           `"0001-01-01T00:00:00Z"`,
	} {
		name := filepath.Join(t.TempDir(), "commit")
		text := "tree " + tree + "\nauthor A <a@example.com> " + date + "\ncommitter A <a@example.com> " + date + "\n\nm\n"
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		hash := work.run("hash-object", "-t", "commit", "-w", "--literally", name)
		work.run("update-ref", "refs/heads/main", hash)
		got, err := json.Marshal(fetch(t, open(t, work.dir), hash).Time)
		if err != nil || string(got) != want {
			t.Errorf("%q: %s, %v, want %s", date, got, err, want)
		}
	}
}
