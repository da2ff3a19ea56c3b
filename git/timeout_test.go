package git_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/git/gittest"
)

const rounds = 50

// listen has answer speak to each that connects, until the test ends.
func listen(t testing.TB, answer func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				answer(conn)
			}()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return l.Addr().String()
}

// mute says nothing until the other end hangs up.
func mute(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// drip hears what it is asked, then says its text a byte at a time, and never ends.
func drip(text string) func(net.Conn) {
	return func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 1<<10))
		for i := 0; ; i++ {
			if _, err := conn.Write([]byte{text[i%len(text)]}); err != nil {
				return
			}
			time.Sleep(time.Millisecond)
		}
	}
}

// dumb is an ssh server that lets anybody in, begins each program with text, and then says no more.
func dumb(t testing.TB, text string) (address string, c credentials) {
	t.Helper()
	return runs(t, hostKey(t), func(channel ssh.Channel) { _, _ = io.WriteString(channel, text) })
}

func hostKey(t testing.TB) ssh.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// runs is an ssh server that lets anybody in, and has program answer whatever they ask for.
func runs(t testing.TB, key ssh.Signer, program func(ssh.Channel)) (address string, c credentials) {
	t.Helper()
	config := &ssh.ServerConfig{NoClientAuth: true}
	config.AddHostKey(key)
	address = listen(t, func(conn net.Conn) {
		_, channels, requests, err := ssh.NewServerConn(conn, config)
		if err != nil {
			return
		}
		go ssh.DiscardRequests(requests)
		for offered := range channels {
			channel, asked, err := offered.Accept()
			if err != nil {
				return
			}
			go func() {
				for request := range asked {
					_ = request.Reply(true, nil)
					program(channel)
				}
			}()
		}
	})
	identity, _ := gittest.NewIdentity(t)
	return address, credentials{"identity": identity, "known_hosts": known("", address, key.PublicKey())}
}

// refs are those of a server that has one commit.
const refs = someHash + " refs/heads/main\x00no-progress side-band-64k\n"

// hangs are servers that keep one waiting, each in another place.
func hangs(t *testing.T) map[string]git.Options {
	t.Helper()
	a := newAuthority(t)
	all := map[string]git.Options{
		"http says nothing":  {URL: "http://" + listen(t, mute) + "/a.git"},
		"http drips":         {URL: "http://" + listen(t, drip("HTTP/1.1 200 OK\r\nX-A: "+strings.Repeat("x", 1<<16))) + "/a.git"},
		"https says nothing": {URL: "https://" + listen(t, mute) + "/a.git"},
		"http hangs mid-pack": {URL: serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				answer(http.StatusOK, advert, pkt("# service=git-upload-pack\n")+"0000"+pkt(refs)+"0000")(w, r)
				return
			}
			answer(http.StatusOK, "application/x-git-upload-pack-result", "0008NAK\n"+pkt("\x01PACK\x00\x00\x00\x02\x00"))(w, r)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		})},
		"https hangs after the handshake": {
			URL:         a.serve(loopback(), tls.NoClientCert, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })),
			Credentials: credentials{"ca.crt": a.pem}.folder(t),
		},
		"proxy says nothing": {URL: "https://git.example.com/a.git", Proxy: "http://" + listen(t, mute)},
	}
	over := func(address string, c credentials) git.Options {
		return git.Options{URL: "ssh://git@" + address + "/a.git", Credentials: c.folder(t)}
	}
	for name, answer := range map[string]func(net.Conn){
		"ssh says nothing": mute, "ssh drips": drip("SSH-2.0-x"), "ssh drips lines": drip("a line before the version\r\n"),
	} {
		address := listen(t, answer)
		identity, public := gittest.NewIdentity(t)
		all[name] = over(address, credentials{"identity": identity, "known_hosts": known("", address, public)})
	}
	address, c := dumb(t, "")
	all["ssh says nothing after the handshake"] = over(address, c)
	for _, proxy := range []string{"http", "socks5"} {
		o := over(address, c)
		o.Proxy = proxy + "://" + listen(t, mute)
		all["ssh by a "+proxy+" proxy that says nothing"] = o
	}
	address, c = dumb(t, pkt(refs)[:30])
	all["ssh hangs in the refs"] = over(address, c)
	address, c = dumb(t, pkt(refs)+"0000"+"0008NAK\n"+pkt("\x01PACK\x00\x00\x00\x02\x00"))
	all["ssh hangs mid-pack"] = over(address, c)
	return all
}

func TestServersThatHangCostTheTimeoutAndNothingElse(t *testing.T) {
	repositories, dir := map[string]*git.Repository{}, t.TempDir()
	for name, o := range hangs(t) {
		o.Dir, o.Timeout = dir, 200*time.Millisecond
		repositories[name] = openWith(t, o)
	}
	fail := func(times int) {
		var group stdsync.WaitGroup
		for name, r := range repositories {
			group.Go(func() {
				for range times {
					_, err := r.Fetch(t.Context())
					if !errors.Is(err, git.ErrUnavailable) || !strings.Contains(err.Error(), "in time") {
						t.Errorf("%s: %v", name, err)
					}
				}
			})
		}
		group.Wait()
	}
	fail(1)
	// A repository keeps the lock of its cache once its server has got as far as a pack.
	files := func() int { return descriptors(t) - len(found(t, dir, "lock")) }
	goroutines, before := runtime.NumGoroutine(), files()
	fail(rounds)
	eventually(t, func() bool { return runtime.NumGoroutine() <= goroutines && files() <= before })
	for _, left := range found(t, dir, "") {
		if strings.Contains(left, "tmp_pack_") || strings.Contains(left, "fresh-") {
			t.Errorf("left over: %s", left)
		}
	}
}
