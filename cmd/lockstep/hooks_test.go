package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	stdsync "sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/git/gittest"
	"github.com/lockstep-dev/lockstep/git/webhook"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// hookStage is a daemon's webhooks, and a remote that nothing asks for an hour.
type hookStage struct {
	testing.TB
	*daemon
	repo   *gittest.Repo
	url    string
	secret string // the file
	logged *observer.ObservedLogs
}

const hookSecret = "correct horse battery staple"

func newHookStage(t testing.TB) *hookStage {
	t.Helper()
	core, logged := observer.New(zap.InfoLevel)
	s := &hookStage{TB: t, repo: gittest.New(t), secret: filepath.Join(t.TempDir(), "secret"), logged: logged}
	store := status.NewStore()
	s.daemon = &daemon{store: store, signals: newSignals(store, zap.NewNop()), log: zap.New(core)}
	s.repo.Commit("first")
	s.url = gittest.At(t, filepath.Join(s.repo.Dir, ".git")).Serve()
	s.write(s.secret, hookSecret)
	return s
}

func (s *hookStage) write(name, text string) {
	s.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
}

// follow runs the feed, and what receives webhooks, until the test ends.
func (s *hookStage) follow(feed *sync.Feed) {
	ctx, end := context.WithCancel(s.Context())
	var running stdsync.WaitGroup
	for _, run := range []func(context.Context) error{feed.Run, s.hooks.run} {
		running.Go(func() {
			if err := run(ctx); err != nil {
				s.Error(err)
			}
		})
	}
	s.Cleanup(func() {
		end()
		running.Wait()
	})
}

// seen waits until the feed is at a commit.
func (s *hookStage) seen(feed *sync.Feed, hash string) {
	s.Helper()
	clustertest.Eventually(s, hash[:7]+" to be seen", func(ctx context.Context) (bool, string) {
		snapshot, err := feed.Fetch(ctx)
		return err == nil && snapshot.Revision.Hash == hash, fmt.Sprint(snapshot.Revision, err)
	})
}

// post sends a signed webhook, and returns the status.
func (s *hookStage) post(secret string) int {
	s.Helper()
	body := fmt.Sprintf(`{"repository": %q}`, s.url)
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write([]byte(body))
	request, err := http.NewRequestWithContext(s.Context(), http.MethodPost, "http://"+s.hooks.listener.Addr().String()+"/hooks/generic", strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	request.Header.Set("X-Signature", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(request)
	if err != nil {
		s.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

func TestAWebhookShowsTheDaemonOfOneAppAPush(t *testing.T) {
	s := newHookStage(t)
	repository, err := git.Open(git.Options{URL: s.url, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	s.repository = repository
	t.Cleanup(func() { _ = repository.Close() })
	flags := hookFlags{listen: "127.0.0.1:0", provider: "generic", secrets: s.secret}
	if s.hooks, err = flags.receive(repository, refFlags{branch: "main"}, s.log); err != nil {
		t.Fatal(err)
	}
	feed := sync.NewFeed(repository, time.Hour)
	s.hooks.wake(feed)
	s.follow(feed)
	s.seen(feed, s.repo.Git("rev-parse", "HEAD"))
	hash := s.repo.Commit("second")
	if code := s.post(hookSecret); code != http.StatusAccepted {
		t.Errorf("answered %d", code)
	}
	s.seen(feed, hash)
}

func TestAConfigSaysWhoseWebhooksAreAccepted(t *testing.T) {
	s := newHookStage(t)
	var err error
	if s.hooks, err = receive("127.0.0.1:0", s.log); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "lockstep.yaml")
	config := fmt.Sprintf("apiVersion: lockstep.dev/v1alpha1\nkind: Config\nrepositories:\n- name: shop\n  url: %s\n  interval: 1h\n%%sapps: []\n", s.url)
	s.write(file, fmt.Sprintf(config, ""))
	settings := newSettings(s.daemon, file, copies{dir: t.TempDir()})
	t.Cleanup(settings.close)
	load := func() {
		t.Helper()
		if err := settings.load(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	load()
	feed := settings.sources[keyOf(settings.read.Repositories[0])].feed
	s.follow(feed)
	s.seen(feed, s.repo.Git("rev-parse", "HEAD"))
	if code := s.post(hookSecret); code != http.StatusUnauthorized {
		t.Errorf("without the key answered %d", code)
	}
	s.write(file, fmt.Sprintf(config, "  webhook: {provider: generic, secretFile: "+s.secret+"}\n"))
	load()
	hash := s.repo.Commit("second")
	if code := s.post("another secret of its length"); code != http.StatusUnauthorized {
		t.Errorf("a wrong signature is answered %d", code)
	}
	if code := s.post(hookSecret); code != http.StatusAccepted {
		t.Errorf("answered %d", code)
	}
	s.seen(feed, hash)
	if entries := s.logged.FilterMessage("webhook refused").All(); len(entries) != 1 {
		t.Errorf("logged %v", entries)
	}
	s.write(file, fmt.Sprintf(config, "  webhook: {provider: generic, secretFile: "+s.secret+".gone}\n"))
	load()
	if s.logged.FilterMessage("webhooks are refused").Len() != 1 || s.post(hookSecret) != http.StatusUnauthorized {
		t.Errorf("without the secret: %v", s.logged.All())
	}
}

// TestTheReadmesWebhookCanBeSent runs what the README shows, against a daemon's webhooks.
func TestTheReadmesWebhookCanBeSent(t *testing.T) {
	for _, tool := range []string{"openssl", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the example of the README needs %s: install the package of that name", tool)
		}
	}
	_, text, _ := strings.Cut(readme(t), "```sh\nbody=")
	text, _, found := strings.Cut(text, "```")
	if !found {
		t.Fatal("the README has no example of a signed webhook")
	}
	s := newHookStage(t)
	var err error
	if s.hooks, err = receive("127.0.0.1:0", s.log); err != nil {
		t.Fatal(err)
	}
	woken := make(chan struct{}, 1)
	s.hooks.set([]webhook.Target{{
		Provider: webhook.Generic, Secrets: webhook.NewSecrets(s.secret), Repository: "ssh://git@git.example.com/team/shop", Branch: "main",
		Wake: func() { woken <- struct{}{} },
	}})
	s.follow(sync.NewFeed(stillSource{}, time.Hour))
	s.write(filepath.Join(filepath.Dir(s.secret), "webhook-secret"), hookSecret+"\n")
	script := "set -e\nbody=" + strings.Replace(text, "https://lockstep.example.com", "http://"+s.hooks.listener.Addr().String(), 1)
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
	cmd.Dir = filepath.Dir(s.secret)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "accepted") {
		t.Fatalf("%v\n%s", err, out)
	}
	<-woken
}

// stillSource never moves.
type stillSource struct{}

func (stillSource) Fetch(context.Context) (git.Snapshot, error) { return git.Snapshot{}, nil }

// TestAWebhookReachesTheReplicaThatKeepsTheApps sends it to another one, as a Service would.
func TestAWebhookReachesTheReplicaThatKeepsTheApps(t *testing.T) {
	s := newHookStage(t)
	target := func(wakes chan struct{}) webhook.Target {
		return webhook.Target{Provider: webhook.Generic, Secrets: webhook.NewSecrets(s.secret), Repository: s.url, Wake: func() { wakes <- struct{}{} }}
	}
	leader, standby := &replica{identity: "a_1", holders: map[string]string{}}, &replica{identity: "b_2", holders: map[string]string{}}
	woken := map[*replica]chan struct{}{leader: make(chan struct{}, 8), standby: make(chan struct{}, 8)}
	for is, wakes := range woken {
		received, err := receive("127.0.0.1:0", s.log)
		if err != nil {
			t.Fatal(err)
		}
		received.set([]webhook.Target{target(wakes)})
		is.found(received.address(), netip.AddrPort{})
		received.relayTo(is.keepers, 100*time.Millisecond)
		if is == standby {
			s.hooks = received
		}
		ctx, end := context.WithCancel(t.Context())
		var running stdsync.WaitGroup
		running.Go(func() { _ = received.run(ctx) })
		t.Cleanup(func() { end(); running.Wait() })
	}
	for _, is := range []*replica{leader, standby} {
		is.held("lockstep", leader.identity)
	}
	if code := s.post(hookSecret); code != http.StatusAccepted {
		t.Fatalf("answered %d", code)
	}
	for is, wakes := range woken {
		select {
		case <-wakes:
		case <-time.After(30 * time.Second):
			t.Errorf("%s was not woken", is.identity)
		}
	}
	standby.held("lockstep", "") // it has not seen yet who has taken it
	if code := s.post(hookSecret); code != http.StatusAccepted {
		t.Fatalf("answered %d", code)
	}
	<-woken[standby]
	standby.held("lockstep", leader.identity)
	select {
	case <-woken[leader]:
	case <-time.After(30 * time.Second):
		t.Error("who had taken the lease just before was not woken")
	}

	standby.held("lockstep", "c_3") // of a replica that receives none
	if code := s.post(hookSecret); code != http.StatusAccepted || s.logged.FilterMessage("webhook is not passed on").Len() > 0 {
		t.Errorf("answered %d, logged %v", code, s.logged.All())
	}
}

func TestAWebhookIsPassedOnToAsManyReplicasAsCanKeepApps(t *testing.T) {
	var heard atomic.Int32
	all := make(chan struct{})
	replica := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else the end of the call is not noticed
		if heard.Add(1) == mostShards {
			close(all)
		}
		select { // each is slow
		case <-all:
		case <-r.Context().Done():
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(replica.Close)
	at := netip.MustParseAddrPort(replica.Listener.Addr().String())
	h := &hooks{receiver: &webhook.Receiver{}, log: zap.NewNop()}
	h.relayTo(func() []netip.AddrPort { return slices.Repeat([]netip.AddrPort{at}, mostShards) }, time.Hour)
	h.receiver.Relay(webhook.Hint{Provider: webhook.GitHub, Body: []byte("{}")})
	clustertest.Eventually(t, "all replicas to hear of it", func(context.Context) (bool, string) {
		return heard.Load() == mostShards, fmt.Sprint(heard.Load())
	})
}
