package git_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
)

// offering takes capabilities out of what a server offers, which stands behind its first ref.
func offering(advertisement []byte, capabilities string) []byte {
	rest, is := bytes.CutPrefix(advertisement, []byte(service))
	if !is {
		return advertisement
	}
	var size int
	_, _ = fmt.Sscanf(string(rest[:4]), "%04x", &size)
	ref, offered, _ := strings.Cut(string(rest[4:size]), "\x00")
	var left []string
	for c := range strings.FieldsSeq(offered) {
		if !strings.Contains(" "+capabilities+" ", " "+c+" ") {
			left = append(left, c)
		}
	}
	return append([]byte(service+pkt(ref+"\x00"+strings.Join(left, " ")+"\n")), rest[size:]...)
}

// TestAServerThatOffersLessIsFetchedFromAllTheSame takes out of what the real one offers what others lack.
func TestAServerThatOffersLessIsFetchedFromAllTheSame(t *testing.T) {
	t.Parallel()
	for _, lacks := range []string{
		"multi_ack multi_ack_detailed", "multi_ack multi_ack_detailed no-done thin-pack ofs-delta", "side-band-64k", "side-band side-band-64k",
		"shallow", "thin-pack",
	} {
		s := newServer(t)
		for i := range 20 {
			s.write(fmt.Sprintf("apps/%d.yaml", i), noise(2000))
		}
		var sizes []int
		r := open(t, s.between(func(post bool, body []byte) []byte {
			if !post {
				return offering(body, lacks)
			}
			sizes = append(sizes, len(body))
			return body
		}))
		fetch(t, r, s.push("a.yaml", "a: 1\n"))
		snapshot := fetch(t, r, s.push("a.yaml", "a: 2\n"))
		if got := content(t, snapshot, ".", "a.yaml"); got != "a: 2\n" || len(content(t, snapshot, "apps", "7.yaml")) != 2000 {
			t.Errorf("without %s: a.yaml = %q", lacks, got)
		}
		if len(sizes) != 2 || sizes[1] > sizes[0]/10 {
			t.Errorf("without %s: the answers have %d bytes", lacks, sizes)
		}
	}
}

// TestNoSecretIsOnTheDisk looks through all files of the cache, also after an error that go-git would have quoted it in.
func TestNoSecretIsOnTheDisk(t *testing.T) {
	t.Parallel()
	a, dir := newAuthority(t), t.TempDir()
	c := credentials{"username": "ada", "password": "t0ken-secret"}.with(credentials{"ca.crt": a.pem})
	header := "Basic YWRhOnQwa2VuLXNlY3JldA=="
	s, url := guarded(t, a, func() string { return header })
	r := openWith(t, git.Options{URL: url, Dir: dir, Credentials: c.folder(t)})
	fetch(t, r, s.push("a.yaml", "a: 1\n"))
	header = ""
	if _, err := r.Fetch(t.Context()); !errors.Is(err, git.ErrAuth) {
		t.Errorf("fetch: %v", err)
	}
	files := 0
	err := filepath.WalkDir(dir, func(name string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		files++
		text, err := os.ReadFile(name)
		for _, secret := range []string{"t0ken-secret", "YWRhOnQwa2VuLXNlY3JldA", "ada:"} {
			if strings.Contains(string(text), secret) {
				t.Errorf("%s holds %s", name, secret)
			}
		}
		return err
	})
	if err != nil || files < 4 {
		t.Errorf("%d files: %v", files, err)
	}
}

// TestNoProgramIsRunForAFolder puts a git in the way that would tell.
func TestNoProgramIsRunForAFolder(t *testing.T) {
	work := newRepo(t)
	hash := work.commit("apps/a.yaml", "a: 1\n")
	bin, told := t.TempDir(), filepath.Join(t.TempDir(), "told")
	for _, name := range []string{"git", "git-upload-pack", "sh", "ssh"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n: > "+told+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin)
	if got := content(t, fetch(t, open(t, work.dir), hash), "apps", "a.yaml"); got != "a: 1\n" {
		t.Errorf("a.yaml = %q", got)
	}
	if _, err := os.Stat(told); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a program was run: %v", err)
	}
}
