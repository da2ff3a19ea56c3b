package sync

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	stdsync "sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/git/gittest"
	"github.com/lockstep-dev/lockstep/git/webhook"
)

// wakeStage is a repository on a real git server, what follows it, and what receives webhooks about it.
type wakeStage struct {
	testing.TB
	work, bare *gittest.Repo
	git, hooks string // URLs
	client     *http.Client
	feed       *Feed
	moved      Wake
	fetches    *atomic.Int64
}

// countedFetches counts how often a repository is asked.
type countedFetches struct {
	*git.Repository // which also says what it is called
	n               atomic.Int64
}

func (c *countedFetches) Fetch(ctx context.Context) (git.Snapshot, error) {
	c.n.Add(1)
	return c.Repository.Fetch(ctx)
}

const wakeSecret = "correct horse battery staple"

func newWakeStage(t testing.TB) *wakeStage {
	t.Helper()
	s := &wakeStage{
		TB: t, work: gittest.New(t), bare: gittest.New(t, "--bare"), client: &http.Client{Transport: &http.Transport{}}, moved: NewWake(),
	}
	s.work.Git("remote", "add", "origin", s.bare.Dir)
	s.push()
	s.git = s.bare.Serve()
	repository, err := git.Open(git.Options{URL: s.git, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	source := &countedFetches{Repository: repository}
	s.feed, s.fetches = NewFeed(source, time.Hour), &source.n
	s.feed.listen(s.moved.Poke)
	s.receive(repository)
	ctx, end := context.WithCancel(t.Context())
	var running stdsync.WaitGroup
	running.Go(func() { _ = s.feed.Run(ctx) })
	t.Cleanup(func() {
		end()
		running.Wait()
		s.client.CloseIdleConnections()
		_ = repository.Close()
	})
	<-s.moved
	return s
}

func (s *wakeStage) receive(repository *git.Repository) {
	s.Helper()
	secret := filepath.Join(s.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(wakeSecret), 0o600); err != nil {
		s.Fatal(err)
	}
	receiver := webhook.NewReceiver()
	receiver.Set([]webhook.Target{{
		Provider: webhook.Generic, Secrets: webhook.NewSecrets(secret), Repository: repository.String(), Branch: "main", Wake: s.feed.Hint,
	}})
	server := httptest.NewUnstartedServer(nil)
	server.Config = webhook.NewServer(receiver)
	server.Start()
	s.Cleanup(server.Close)
	s.hooks = server.URL + "/hooks/generic"
}

func (s *wakeStage) push() {
	s.Helper()
	s.work.Commit("another")
	s.work.Git("push", "-q", "origin", "main")
}

// do sends a request, and reads the answer to its end.
func (s *wakeStage) do(request *http.Request, err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
	answer, err := s.client.Do(request)
	if err != nil {
		s.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	if answer.StatusCode/100 != 2 {
		s.Fatal(answer.Status)
	}
}

// hook sends a signed webhook.
func (s *wakeStage) hook() {
	s.Helper()
	body := fmt.Sprintf(`{"repository": %q, "ref": "refs/heads/main"}`, s.git)
	mac := hmac.New(sha256.New, []byte(wakeSecret))
	_, _ = mac.Write([]byte(body))
	request, err := http.NewRequestWithContext(s.Context(), http.MethodPost, s.hooks, strings.NewReader(body))
	if err == nil {
		request.Header.Set("X-Signature", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	}
	s.do(request, err)
}

// refs asks for the refs, as git ls-remote does first.
func (s *wakeStage) refs() {
	s.Helper()
	s.do(http.NewRequestWithContext(s.Context(), http.MethodGet, s.git+"info/refs?service=git-upload-pack", nil))
}

// BenchmarkWake times a push from its webhook until its revision is seen, fetched and read, beside the bare request for
// the refs that git ls-remote makes, in the same round.
func BenchmarkWake(b *testing.B) {
	s := newWakeStage(b)
	var wake, bare time.Duration
	for b.Loop() {
		s.push()
		time.Sleep(hintGap) // since the fetch of the round before
		start := time.Now()
		s.hook()
		<-s.moved
		seen := time.Now()
		s.refs()
		wake, bare = wake+seen.Sub(start), bare+time.Since(seen)
	}
	b.ReportMetric(wake.Seconds()*1000/float64(b.N), "ms/wake")
	b.ReportMetric(bare.Seconds()*1000/float64(b.N), "ms/ls-remote")
	b.ReportMetric(wake.Seconds()/bare.Seconds(), "ratio")
}

func TestManyPushesWithWebhooksAreCoalescedToTheHead(t *testing.T) {
	s := newWakeStage(t)
	start, before := time.Now(), s.fetches.Load()
	for range 20 {
		s.push()
		for range 5 { // as of a provider that was set up more than once
			s.hook()
		}
	}
	for head := s.work.Git("rev-parse", "HEAD"); s.feed.last().Revision.Hash != head; {
		select {
		case <-s.moved:
		case <-t.Context().Done():
			t.Fatal("the head is not seen")
		}
	}
	if n, most := s.fetches.Load()-before, int64(time.Since(start)/hintGap)+2; n > most {
		t.Errorf("100 webhooks led to %d fetches, more than the %d for which there was time", n, most)
	}
}
