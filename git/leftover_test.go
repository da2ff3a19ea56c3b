package git_test

import (
	"net/http"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/git/gittest"
)

// refusing are repositories in one cache folder whose servers refuse, each in another way.
func refusing(t *testing.T, dir string) map[string]*git.Repository {
	t.Helper()
	s := newSecure(t)
	s.push("a.yaml", "a: 1\n")
	other, public := gittest.NewIdentity(t)
	all := map[string]*git.Repository{}
	over := func(name, url string, c credentials) {
		o := git.Options{URL: url, Dir: dir}
		if c != nil {
			o.Credentials = c.folder(t)
		}
		all[name] = openWith(t, o)
	}
	over("a key that is not taken", s.url, s.credentials.with(credentials{"identity": other}))
	over("another host's key", s.url, s.credentials.with(credentials{"known_hosts": known("", s.sshd.Address, public)}))
	over("no repository over ssh", s.url+"x", s.credentials)
	address, c := runs(t, hostKey(t), func(channel ssh.Channel) { _ = channel.Close() })
	over("a program that ends", "ssh://git@"+address+"/a.git", c)
	for name, result := range map[string]string{
		"a pack that is cut": "0008NAK\n" + pkt("\x01PACK\x00\x00\x00\x02\x00\x00\x00\x05") + "0000", "nothing": "",
		"a pack of nothing": "0008NAK\n0000", "an error in the pack": "0008NAK\n" + pkt("\x03no") + "0000",
	} {
		over(name, serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				answer(200, advert, service+pkt(refs)+"0000")(w, r)
				return
			}
			answer(200, "application/x-git-upload-pack-result", result)(w, r)
		}), nil)
	}
	over("401", serve(t, answer(401, "text/plain", strings.Repeat("x", 1<<20))), nil)
	over("a page", serve(t, answer(200, "text/html", strings.Repeat("x", 1<<20))), nil)
	return all
}

// TestRefusalsLeaveNothingBehind has each of them refuse again and again, as through a bad night.
func TestRefusalsLeaveNothingBehind(t *testing.T) {
	dir := t.TempDir()
	repositories := refusing(t, dir)
	fail := func(times int) {
		for name, r := range repositories {
			for range times {
				if _, err := r.Fetch(t.Context()); err == nil {
					t.Errorf("%s: no error", name)
				}
			}
		}
	}
	fail(2)
	goroutines, files := runtime.NumGoroutine(), descriptors(t)
	fail(20)
	eventually(t, func() bool { return runtime.NumGoroutine() <= goroutines && descriptors(t) <= files })
	for _, left := range found(t, dir, "") {
		if strings.Contains(left, "tmp_pack_") || strings.Contains(left, "fresh-") || strings.HasSuffix(left, ".pack") {
			t.Errorf("left over: %s", left)
		}
	}
}
