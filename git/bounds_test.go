package git_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cgi"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/lockstep-dev/lockstep/git"
)

// TestAListOfTooManyRefsIsSaidToBeOne, over both transports, and a long one is read.
func TestAListOfTooManyRefsIsSaidToBeOne(t *testing.T) {
	t.Parallel()
	list := func(n int) string {
		var all strings.Builder
		all.WriteString(pkt(someHash + " HEAD\x00no-progress\n"))
		for i := range n {
			all.WriteString(pkt(fmt.Sprintf("%040x refs/pull/%07d/head\n", i+1, i)))
		}
		all.WriteString("0000")
		return all.String()
	}
	for n, want := range map[int]struct {
		err   error
		words string
	}{100_000: {err: git.ErrBranchNotFound}, 600_000: {git.ErrTooLarge, "more than 32 MiB of refs: have it hide"}} {
		text := list(n)
		address, c := runs(t, hostKey(t), func(channel ssh.Channel) { _, _ = io.WriteString(channel, text) })
		for _, o := range []git.Options{
			{URL: serve(t, answer(200, advert, service+text))},
			{URL: "ssh://git@" + address + "/a.git", Credentials: c.folder(t)},
		} {
			o.Dir = t.TempDir()
			_, err := openWith(t, o).Fetch(t.Context())
			if !errors.Is(err, want.err) || !strings.Contains(err.Error(), want.words) {
				t.Errorf("%d refs at %s: %v", n, o.URL, err)
			}
		}
	}
}

// TestAServerThatBreaksOffAPackIsSaidTo has servers do so in words of their own, and a real one whose repository is damaged.
func TestAServerThatBreaksOffAPackIsSaidTo(t *testing.T) {
	t.Parallel()
	list := pkt(refs) + "0000"
	for name, result := range map[string]string{
		"in the pack":  "0008NAK\n" + pkt("\x01PACK\x00\x00\x00\x02\x00") + pkt("\x03fatal: "+forged) + "0000",
		"before it":    "0008NAK\n" + pkt("\x03fatal: "+forged) + "0000",
		"as ERR lines": pkt("ERR upload-pack: not our ref " + forged),
	} {
		address, c := runs(t, hostKey(t), func(channel ssh.Channel) {
			_, _ = io.WriteString(channel, list)
			_, _ = io.WriteString(channel, result)
			_, _ = io.Copy(io.Discard, channel)
			_ = channel.Close()
		})
		for _, o := range []git.Options{
			{URL: serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					answer(200, advert, service+list)(w, r)
					return
				}
				answer(200, "application/x-git-upload-pack-result", result)(w, r)
			})},
			{URL: "ssh://git@" + address + "/a.git", Credentials: c.folder(t)},
		} {
			o.Dir = t.TempDir()
			_, err := openWith(t, o).Fetch(t.Context())
			if !errors.Is(err, git.ErrUnavailable) || !strings.Contains(err.Error(), "its log says why") || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s at %s: %v", name, o.URL, err)
			}
		}
	}
	s := newServer(t)
	hash := s.push("a.yaml", noise(5000))
	blob := s.run("rev-parse", hash+":a.yaml")
	name := filepath.Join(s.bare.dir, "objects", blob[:2], blob[2:])
	if err := errors.Join(os.Remove(name), os.WriteFile(name, []byte("junk"), 0o600)); err != nil {
		t.Fatal(err)
	}
	backend := s.bare.Backend().(*cgi.Handler)
	backend.Stderr = io.Discard
	_, err := open(t, strings.TrimSuffix(serve(t, http.StripPrefix("/a.git", backend).ServeHTTP), "/")).Fetch(t.Context())
	if !errors.Is(err, git.ErrUnavailable) || !strings.Contains(err.Error(), "its repository may be damaged, its log says why") {
		t.Errorf("a server whose repository is damaged: %v", err)
	}
}

// TestAnAnswerThatEndsInTheMiddleIsSaidTo, by its own account of how long it is.
func TestAnAnswerThatEndsInTheMiddleIsSaidTo(t *testing.T) {
	t.Parallel()
	const begin = "HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-result\r\n"
	for name, text := range map[string]string{
		"in a chunk":          begin + "Transfer-Encoding: chunked\r\n\r\n40\r\n0008NAK\n",
		"before the length":   begin + "Content-Length: 1000\r\n\r\n0008NAK\n",
		"in the pack":         begin + "Content-Length: 1000\r\n\r\n0008NAK\n" + pkt("\x01PACK\x00\x00\x00\x02\x00"),
		"in a line of a pack": begin + "Content-Length: 1000\r\n\r\n0008NAK\n0100\x01PACK",
	} {
		url := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				answer(200, advert, service+pkt(refs)+"0000")(w, r)
				return
			}
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, text)
			_ = conn.Close()
		})
		_, err := open(t, url).Fetch(t.Context())
		if !errors.Is(err, git.ErrUnavailable) || !strings.Contains(err.Error(), "server's answer ends in the middle") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
