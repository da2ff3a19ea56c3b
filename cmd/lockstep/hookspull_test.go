package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
)

const pullRef = "refs/pull/420/head"

// pulled moves the pull request, and has GitHub tell of it.
func (s *hookStage) pulled() (hash string) {
	s.Helper()
	hash = s.repo.Commit("of the pull request")
	s.repo.Git("update-ref", pullRef, hash)
	s.repo.Git("reset", "-q", "--hard", "HEAD~") // no branch has it
	body := fmt.Sprintf(`{"action":"synchronize","number":420,"repository":{"clone_url":%q}}`, s.url)
	mac := hmac.New(sha256.New, []byte(hookSecret))
	_, _ = mac.Write([]byte(body))
	request, err := http.NewRequestWithContext(s.Context(), http.MethodPost, "http://"+s.hooks.listener.Addr().String()+"/hooks/github", strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	request.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	request.Header.Set("X-Github-Event", "pull_request")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(request)
	if err != nil {
		s.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusAccepted {
		s.Errorf("answered %d", answer.StatusCode)
	}
	return hash
}

func TestAPullRequestsWebhookShowsTheDaemonOfOneAppItsHead(t *testing.T) {
	s := newHookStage(t)
	first := s.repo.Git("rev-parse", "HEAD")
	s.repo.Git("update-ref", pullRef, first)
	live := refFlags{ref: git.Ref{Name: pullRef}}
	repository, err := git.Open(git.Options{URL: s.url, Ref: live.ref, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = repository.Close() })
	flags := hookFlags{listen: "127.0.0.1:0", provider: "github", secrets: s.secret}
	if s.hooks, err = flags.receive(repository, live, s.log); err != nil {
		t.Fatal(err)
	}
	feed := sync.NewFeed(repository, time.Hour)
	s.hooks.wake(feed)
	s.follow(feed)
	s.seen(feed, first)
	s.seen(feed, s.pulled())
}

func TestAPullRequestsWebhookShowsTheDaemonOfAConfigItsHead(t *testing.T) {
	s := newHookStage(t)
	first := s.repo.Git("rev-parse", "HEAD")
	s.repo.Git("update-ref", pullRef, first)
	var err error
	if s.hooks, err = receive("127.0.0.1:0", s.log); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "lockstep.yaml")
	s.write(file, fmt.Sprintf("apiVersion: lockstep.dev/v1alpha1\nkind: Config\nrepositories:\n- name: shop\n  url: %s\n  interval: 1h\n"+
		"  ref: {name: %s}\n  webhook: {provider: github, secretFile: %s}\napps: []\n", s.url, pullRef, s.secret))
	settings := newSettings(s.daemon, file, copies{dir: t.TempDir()})
	t.Cleanup(settings.close)
	if err := settings.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	feed := settings.sources[keyOf(settings.read.Repositories[0])].feed
	s.follow(feed)
	s.seen(feed, first)
	s.seen(feed, s.pulled())
}
