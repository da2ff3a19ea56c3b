package git_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/git"
)

// serve answers with handler until the test ends.
func serve(t testing.TB, handler http.HandlerFunc) string {
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.URL + "/a.git"
}

// answer is a server's whole answer, with a body that must not reach a terminal.
func answer(code int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

// pkt returns a line of git's protocol.
func pkt(line string) string { return fmt.Sprintf("%04x%s", len(line)+4, line) }

const (
	advert = "application/x-git-upload-pack-advertisement"
	forged = "\x1b]0;hunter2\x07"
)

func TestRefusalsAreToldApartInOurOwnWords(t *testing.T) {
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		kind    error
	}{
		"401":              {answer(401, "text/plain", forged), git.ErrAuth},
		"403":              {answer(403, "text/plain", forged), git.ErrAuth},
		"404":              {answer(404, "text/plain", forged), git.ErrNotFound},
		"410":              {answer(410, "text/plain", forged), git.ErrNotFound},
		"418":              {answer(418, "text/plain", forged), git.ErrUnavailable},
		"429":              {answer(429, "text/plain", forged), git.ErrUnavailable},
		"500":              {answer(500, "text/plain", forged), git.ErrUnavailable},
		"503":              {answer(503, advert, forged), git.ErrUnavailable},
		"204":              {answer(204, advert, ""), git.ErrUnavailable},
		"a login page":     {answer(200, "text/html", "<html>"+forged), git.ErrUnavailable},
		"a plain folder":   {answer(200, "text/plain", ""), git.ErrUnavailable},
		"nothing":          {answer(200, advert, ""), git.ErrUnavailable},
		"a cut service":    {answer(200, advert, "001e# service=git-up"), git.ErrUnavailable},
		"only the service": {answer(200, advert, "001e# service=git-upload-pack\n0000"), git.ErrUnavailable},
		"cut refs": {answer(200, advert, pkt("# service=git-upload-pack\n")+"0000"+
			pkt(someHash+" refs/heads/main\x00no-progress\n")), git.ErrUnavailable},
		"an error line": {answer(200, advert, pkt("# service=git-upload-pack\n")+"0000"+pkt("ERR "+forged)), git.ErrUnavailable},
		"noise":         {answer(200, advert, strings.Repeat(forged, 1000)), git.ErrUnavailable},
		"no service":    {answer(200, advert, "00000000"), git.ErrUnavailable},
		"no refs": {answer(200, advert, pkt("# service=git-upload-pack\n")+"0000"+
			pkt(strings.Repeat("0", 40)+" capabilities^{}\x00no-progress\n")+"0000"), git.ErrNoCommits},
		"a redirect to a file": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "file:///hunter2")
			w.WriteHeader(302)
		}, git.ErrUnavailable},
		"a redirect in a circle": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.String(), http.StatusFound)
		}, git.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			url := serve(t, c.handler)
			_, err := open(t, url).Fetch(t.Context())
			if !errors.Is(err, c.kind) {
				t.Fatalf("fetch: %v, want %v", err, c.kind)
			}
			for _, kind := range []error{git.ErrNoCommits, git.ErrBranchNotFound} {
				if !errors.Is(c.kind, kind) && errors.Is(err, kind) {
					t.Errorf("looks like an empty repository: %v", err)
				}
			}
			if text := err.Error(); strings.Contains(text, "hunter2") || strings.Contains(text, "\x1b") || len(text) > 1024 {
				t.Errorf("the server's words are in %q", text)
			} else if !strings.HasPrefix(text, url+": ") {
				t.Errorf("the repository is not named in %q", text)
			} else if _, err := strconv.Atoi(name); err == nil && name != "204" && !strings.Contains(text, name) {
				t.Errorf("it is not told apart: %q", text)
			}
		})
	}
}

func TestARedirectThatLeadsNowhereIsSaidToBeOne(t *testing.T) {
	for _, to := range []string{"file:///hunter2", "ext::sh -c hunter2", "http://a:hunter2@[::1", "/elsewhere/info/refs?hunter2", ""} {
		url := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", cmp.Or(to, r.URL.String()+"/x"))
			w.WriteHeader(http.StatusFound)
		})
		_, err := open(t, url).Fetch(t.Context())
		if !errors.Is(err, git.ErrUnavailable) || !strings.Contains(err.Error(), "server redirects in a circle, or to what is no address") {
			t.Errorf("%q: %v", to, err)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q is told: %v", to, err)
		}
	}
}

func TestAServerThatIsNotThereIsUnavailable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String() + "/a.git"
	_ = l.Close()
	_, err = open(t, url).Fetch(t.Context())
	if !errors.Is(err, git.ErrUnavailable) || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("fetch: %v", err)
	}
}

// TestAHostThatIsNotThereIsUnavailable takes a name that no resolver has to be asked for.
func TestAHostThatIsNotThereIsUnavailable(t *testing.T) {
	_, err := open(t, "https://git..example.com/a.git").Fetch(t.Context())
	if !errors.Is(err, git.ErrUnavailable) || !strings.Contains(err.Error(), "host name not found") {
		t.Errorf("fetch: %v", err)
	}
}

func TestACertificateThatNobodyKnowsIsUnavailable(t *testing.T) {
	s := httptest.NewUnstartedServer(answer(200, advert, ""))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	_, err := open(t, s.URL+"/a.git").Fetch(t.Context())
	if !errors.Is(err, git.ErrUnavailable) || !strings.Contains(err.Error(), "unknown authority") {
		t.Errorf("fetch: %v", err)
	}
}

// silent accepts connections and says nothing on them.
func silent(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		var open []net.Conn
		for {
			c, err := l.Accept()
			if err != nil {
				break
			}
			open = append(open, c)
		}
		for _, c := range open {
			_ = c.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return "http://" + l.Addr().String() + "/a.git"
}

func TestAServerThatSaysNothingCostsTheTimeoutAndNothingElse(t *testing.T) {
	r := openWith(t, git.Options{URL: silent(t), Dir: t.TempDir(), Timeout: 20 * time.Millisecond})
	before := descriptors(t)
	for range 20 {
		if _, err := r.Fetch(t.Context()); !errors.Is(err, git.ErrUnavailable) || !strings.Contains(err.Error(), "in time") {
			t.Fatalf("fetch: %v", err)
		}
	}
	// The silent end of the 20 connections is open in this process, too.
	eventually(t, func() bool { return descriptors(t) <= before+20 })
}

func TestACallerThatGivesUpIsTheReason(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := open(t, silent(t))
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := r.Fetch(ctx); !errors.Is(err, context.Canceled) || errors.Is(err, git.ErrUnavailable) {
		t.Errorf("fetch: %v", err)
	}
	if _, err := r.Fetch(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("fetch: %v", err)
	}
}

// descriptors counts the open files of the process, where the system tells.
func descriptors(t testing.TB) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil && runtime.GOOS == "linux" {
		t.Fatal(err)
	}
	return len(entries)
}

// eventually waits until the condition holds.
func eventually(t testing.TB, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatal("it did not come to hold")
		}
		runtime.GC()
		runtime.Gosched()
	}
}

// between passes the answers of the real server through change.
func (s server) between(change func(post bool, body []byte) []byte) string {
	target := s.handler
	return serve(s.t, func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = strings.TrimPrefix(r.URL.Path, "/a.git")
		recorder := httptest.NewRecorder()
		target.ServeHTTP(recorder, r)
		w.Header().Set("Content-Type", recorder.Header().Get("Content-Type"))
		w.WriteHeader(recorder.Code)
		_, _ = w.Write(change(r.Method == http.MethodPost, recorder.Body.Bytes()))
	})
}

func TestAPackThatIsDamagedOnItsWayIsNeverAShorterList(t *testing.T) {
	s := newServer(t)
	for i := range 20 {
		s.write("apps/"+strings.Repeat("x", i+1), strings.Repeat("y", 50*i))
	}
	hash := s.push("apps/a.yaml", "a: 1\n")
	for name, damage := range map[string]func(body []byte) []byte{
		"cut":     func(body []byte) []byte { return body[:len(body)*2/3] },
		"emptied": func([]byte) []byte { return nil },
		"flipped": func(body []byte) []byte {
			body = bytes.Clone(body)
			body[len(body)/2] ^= 0x10
			return body
		},
	} {
		t.Run(name, func(t *testing.T) {
			damaged := true
			r := open(t, s.between(func(post bool, body []byte) []byte {
				if damaged && post {
					return damage(body)
				}
				return body
			}))
			if _, err := r.Fetch(t.Context()); !errors.Is(err, git.ErrUnavailable) {
				t.Fatalf("fetch: %v", err)
			}
			damaged = false
			if got := content(t, fetch(t, r, hash), "apps", "a.yaml"); got != "a: 1\n" {
				t.Errorf("a.yaml = %q", got)
			}
		})
	}
}

func TestAServerThatCannotSendPartsIsClonedAfresh(t *testing.T) {
	s := newServer(t)
	s.push("a.yaml", "a: 1\n")
	posts := 0
	r := open(t, s.between(func(post bool, body []byte) []byte {
		if post {
			if posts++; posts == 2 { // the first fetch of a part
				return []byte("0008NAK\n")
			}
		}
		return body
	}))
	fetch(t, r, s.run("rev-parse", "main"))
	s.write("b.yaml", "b: 1\n")
	if got := content(t, fetch(t, r, s.push("a.yaml", "a: 2\n")), ".", "b.yaml"); got != "b: 1\n" {
		t.Errorf("b.yaml = %q", got)
	}
	if posts != 3 {
		t.Errorf("%d packs were asked for, want 3", posts)
	}
}

func TestAServerThatFailsAtPartsIsAskedForTheWholeInTheEnd(t *testing.T) {
	s := newServer(t)
	s.push("a.yaml", "a: 1\n")
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if bytes.Contains(body, []byte("have ")) {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		r.URL.Path = strings.TrimPrefix(r.URL.Path, "/a.git")
		s.handler.ServeHTTP(w, r)
	})
	r := open(t, url)
	fetch(t, r, s.run("rev-parse", "main"))
	hash := s.push("a.yaml", "a: 2\n")
	for range 3 {
		if _, err := r.Fetch(t.Context()); !errors.Is(err, git.ErrUnavailable) {
			t.Fatalf("fetch: %v", err)
		}
	}
	fetch(t, r, hash)
}

func TestALargeFileElsewhereInARemoteCostsNoMemory(t *testing.T) {
	s := newServer(t)
	const size = 128 << 20
	s.write("big/zeros", "")
	if err := os.Truncate(s.dir+"/big/zeros", size); err != nil {
		t.Fatal(err)
	}
	hash := s.push("apps/a.yaml", "a: 1\n")
	r := open(t, s.url)
	before := allocated()
	snapshot := fetch(t, r, hash)
	if got := content(t, snapshot, "apps", "a.yaml"); got != "a: 1\n" {
		t.Errorf("a.yaml = %q", got)
	}
	_, err := snapshot.Files("big")
	if !errors.Is(err, git.ErrTooLarge) || !strings.Contains(err.Error(), "big/zeros: 134217728 bytes") {
		t.Errorf("files: %v", err)
	}
	if spent := allocated() - before; spent > 32<<20 {
		t.Errorf("%d bytes were allocated", spent)
	}
}
