package webhook_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/lockstep-dev/lockstep/git/webhook"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	secret  = "correct horse battery staple"
	address = "https://git.example.com/team/shop.git"
)

// stage is a receiver behind its real server, with one repository.
type stage struct {
	testing.TB
	*webhook.Receiver
	url   string
	woken atomic.Int64
	done  chan struct{} // holds a value for each request that has come to its end
}

func newStage(t testing.TB, provider webhook.Provider) *stage {
	t.Helper()
	s := &stage{TB: t, Receiver: webhook.NewReceiver(), done: make(chan struct{}, 1)}
	server := httptest.NewUnstartedServer(nil)
	server.Config = webhook.NewServer(s.Receiver)
	inner := server.Config.Handler
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner.ServeHTTP(w, r)
		s.done <- struct{}{}
	})
	server.Listener = webhook.Limit(server.Listener)
	server.Start()
	t.Cleanup(server.Close)
	s.url = server.URL + "/hooks/" + string(provider)
	s.Set([]webhook.Target{s.target(provider)})
	return s
}

func (s *stage) target(provider webhook.Provider) webhook.Target {
	return webhook.Target{
		Provider: provider, Secrets: webhook.NewSecrets(s.file(secret + "\n")), Repository: address, Branch: "main",
		Wake: func() { s.woken.Add(1) },
	}
}

func (s *stage) file(text string) string {
	s.Helper()
	name := filepath.Join(s.TempDir(), "secret")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
	return name
}

// post sends a body, waits until all that it leads to is done, and returns the status and what was said.
func (s *stage) post(body io.Reader, header http.Header) (int, string) {
	s.Helper()
	request, err := http.NewRequestWithContext(s.Context(), http.MethodPost, s.url, body)
	if err != nil {
		s.Fatal(err)
	}
	request.Header = header
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(request)
	if err != nil {
		s.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.Fatal(err)
	}
	<-s.done
	return answer.StatusCode, string(text)
}

// wants posts, and wants the status, and as many to be woken.
func (s *stage) wants(status, woken int, body []byte, header http.Header) {
	s.Helper()
	before := s.woken.Load()
	got, text := s.post(bytes.NewReader(body), header)
	if got != status {
		s.Errorf("answered %d %q, want %d", got, text, status)
	}
	if n := s.woken.Load() - before; n != int64(woken) {
		s.Errorf("woken %d times, want %d", n, woken)
	}
}

func digest(key string, text ...[]byte) []byte {
	mac := hmac.New(sha256.New, []byte(key))
	for _, part := range text {
		_, _ = mac.Write(part)
	}
	return mac.Sum(nil)
}

// signed are the headers with which a provider sends an event.
func signed(provider webhook.Provider, event, key string, body []byte) http.Header {
	hexadecimal := hex.EncodeToString(digest(key, body))
	header := http.Header{"Content-Type": {"application/json"}}
	set := func(pairs ...string) http.Header {
		for i := 0; i < len(pairs); i += 2 {
			header.Set(pairs[i], pairs[i+1])
		}
		return header
	}
	switch provider {
	case webhook.GitHub:
		return set("X-Hub-Signature-256", "sha256="+hexadecimal, "X-GitHub-Event", event)
	case webhook.GitLab:
		return set("X-Gitlab-Token", key, "X-Gitlab-Event", event)
	case webhook.Gitea:
		return set("X-Gitea-Signature", hexadecimal, "X-Gitea-Event", event)
	case webhook.Forgejo:
		return set("X-Forgejo-Signature", hexadecimal, "X-Forgejo-Event", event)
	case webhook.Gogs:
		return set("X-Gogs-Signature", hexadecimal, "X-Gogs-Event", event)
	case webhook.Bitbucket, webhook.BitbucketServer:
		return set("X-Hub-Signature", "sha256="+hexadecimal, "X-Event-Key", event)
	case webhook.Azure:
		return set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("lockstep:"+key)))
	default:
		return set("X-Signature", "sha256="+hexadecimal)
	}
}

// delivery is something that a provider sends.
type delivery struct {
	provider    webhook.Provider
	event, file string
}

var pushes = []delivery{
	{webhook.GitHub, "push", "github-push"},
	{webhook.GitLab, "Push Hook", "gitlab-push"},
	{webhook.GitLab, "System Hook", "gitlab-system"},
	{webhook.Gitea, "push", "gitea-push"},
	{webhook.Forgejo, "push", "gitea-push"},
	{webhook.Gogs, "push", "gitea-push"},
	{webhook.Bitbucket, "repo:push", "bitbucket-push"},
	{webhook.BitbucketServer, "repo:refs_changed", "bitbucket-server-push"},
	{webhook.BitbucketServer, "repo:refs_changed", "bitbucket-server-old"},
	{webhook.Azure, "", "azure-push"},
	{webhook.Generic, "", "generic-push"},
}

func payload(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestASignedPushOfEachProviderWakesItsRepository(t *testing.T) {
	tried := map[webhook.Provider]bool{}
	for _, d := range pushes {
		tried[d.provider] = true
		t.Run(string(d.provider)+" "+d.file, func(t *testing.T) {
			s, body := newStage(t, d.provider), payload(t, d.file)
			header := signed(d.provider, d.event, secret, body)
			s.wants(http.StatusAccepted, 1, body, header)
			s.wants(http.StatusAccepted, 1, body, header) // a replay is one look more, and no harm
		})
	}
	if len(tried) != len(webhook.Providers()) {
		t.Errorf("tried %v of %v", tried, webhook.Providers())
	}
}

func TestWhatIsNotSignedWithASecretIsRefused(t *testing.T) {
	for _, d := range pushes {
		t.Run(string(d.provider)+" "+d.file, func(t *testing.T) {
			s, body := newStage(t, d.provider), payload(t, d.file)
			s.wants(http.StatusUnauthorized, 0, body, http.Header{})
			s.wants(http.StatusUnauthorized, 0, body, signed(d.provider, d.event, "another secret of its length", body))
			s.wants(http.StatusUnauthorized, 0, body, signed(d.provider, d.event, "", body))
			doubled := signed(d.provider, d.event, secret, body)
			for name, values := range doubled {
				doubled[name] = append(values, values...)
			}
			s.wants(http.StatusUnauthorized, 0, body, doubled)
			if d.provider != webhook.GitLab && d.provider != webhook.Azure { // which send the secret
				s.wants(http.StatusUnauthorized, 0, append(body, ' '), signed(d.provider, d.event, secret, body))
			}
		})
	}
}

func TestAnUnknownRepositoryAndAPingAreAnsweredAsAKnownOne(t *testing.T) {
	for _, d := range append([]delivery{
		{webhook.GitHub, "ping", "github-ping"},
		{webhook.BitbucketServer, "diagnostics:ping", "bitbucket-server-ping"},
		{webhook.GitHub, "issues", "github-push"},
		{webhook.GitLab, "Issue Hook", "gitlab-push"},
	}, pushes...) {
		t.Run(string(d.provider)+" "+d.file+" "+d.event, func(t *testing.T) {
			s, body := newStage(t, d.provider), payload(t, d.file)
			_, known := s.post(bytes.NewReader(body), signed(d.provider, d.event, secret, body))
			woken := s.woken.Load()
			body = bytes.ReplaceAll(bytes.ReplaceAll(body, []byte("hop"), []byte("hopping")), []byte("HOP"), []byte("HOPPING"))
			status, unknown := s.post(bytes.NewReader(body), signed(d.provider, d.event, secret, body))
			if status != http.StatusAccepted || unknown != known {
				t.Errorf("answered %d %q, a known one %q", status, unknown, known)
			}
			if n := s.woken.Load() - woken; n != 0 {
				t.Errorf("woken %d times", n)
			}
		})
	}
}

func TestPushesToOtherBranchesWakeNobodyAndTagsDo(t *testing.T) {
	for _, d := range pushes {
		s, body := newStage(t, d.provider), payload(t, d.file)
		if d.provider != webhook.Bitbucket { // whose push has a tag as well
			other := bytes.ReplaceAll(body, []byte("refs/heads/main"), []byte("refs/heads/other"))
			s.wants(http.StatusAccepted, 0, other, signed(d.provider, d.event, secret, other))
		}
		tag := bytes.ReplaceAll(body, []byte("refs/heads/main"), []byte("refs/tags/v1"))
		s.wants(http.StatusAccepted, 1, tag, signed(d.provider, d.event, secret, tag))
	}
}

func TestGitLabsSigningTokenIsPreferredOverItsSecretToken(t *testing.T) {
	s, body := newStage(t, webhook.GitLab), payload(t, "gitlab-push")
	key := strings.Repeat("k", 32)
	target := s.target(webhook.GitLab)
	target.Secrets = webhook.NewSecrets(s.file("whsec_" + base64.StdEncoding.EncodeToString([]byte(key))))
	s.Set([]webhook.Target{target})
	header := http.Header{"Webhook-Id": {"7"}, "Webhook-Timestamp": {"1767323045"}, "X-Gitlab-Event": {"Push Hook"}}
	right := base64.StdEncoding.EncodeToString(digest(key, []byte("7.1767323045."), body))
	header.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(make([]byte, 32))+" v1,"+right)
	s.wants(http.StatusAccepted, 1, body, header)
	header.Set("Webhook-Timestamp", "1767323046")
	s.wants(http.StatusUnauthorized, 0, body, header)
	header.Set("X-Gitlab-Token", secret)
	s.Set([]webhook.Target{s.target(webhook.GitLab)})
	s.wants(http.StatusUnauthorized, 0, body, header)
}

func TestAzuresHeaderStandsInForItsPassword(t *testing.T) {
	s, body := newStage(t, webhook.Azure), payload(t, "azure-push")
	s.wants(http.StatusAccepted, 1, body, http.Header{"X-Lockstep-Token": {secret}})
	s.wants(http.StatusUnauthorized, 0, body, http.Header{"X-Lockstep-Token": {"not the secret of this"}})
}

func TestASecretIsForItsOwnRepositoriesAndProviderAlone(t *testing.T) {
	s, body := newStage(t, webhook.Generic), []byte(`{}`)
	ours, theirs := s.target(webhook.Generic), s.target(webhook.Generic)
	var others atomic.Int64
	theirs.Secrets, theirs.Wake = webhook.NewSecrets(s.file("the secret of another team")), func() { others.Add(1) }
	ofAnother := s.target(webhook.GitHub)
	ofAnother.Wake = theirs.Wake
	s.Set([]webhook.Target{ours, theirs, ofAnother, ours})
	s.wants(http.StatusAccepted, 2, body, signed(webhook.Generic, "", secret, body))
	s.wants(http.StatusAccepted, 2, nil, signed(webhook.Generic, "", secret, nil))
	if n := others.Load(); n > 0 {
		t.Errorf("another team's were woken %d times", n)
	}
}

func TestAServerThatIsFollowedByAnotherNameIsMeantWhereNoneHasTheName(t *testing.T) {
	s, body := newStage(t, webhook.Generic), payload(t, "generic-push")
	var inside atomic.Int64
	other := s.target(webhook.Generic)
	other.Repository, other.Wake = "http://git.team.svc:3000/Team/shop", func() { inside.Add(1) }
	header := signed(webhook.Generic, "", secret, body)
	s.Set([]webhook.Target{s.target(webhook.Generic), other})
	s.wants(http.StatusAccepted, 1, body, header)
	if n := inside.Load(); n != 0 {
		t.Errorf("the other server's was woken %d times", n)
	}
	s.Set([]webhook.Target{other})
	s.wants(http.StatusAccepted, 0, body, header)
	if n := inside.Load(); n != 1 {
		t.Errorf("it was woken %d times", n)
	}
}

func TestOnlyPostsToKnownProvidersAreAnswered(t *testing.T) {
	s := newStage(t, "svn")
	if status, text := s.post(nil, http.Header{}); status != http.StatusNotFound || !strings.Contains(text, "bitbucket-server") {
		t.Errorf("answered %d %q", status, text)
	}
	for _, path := range []string{"/", "/hooks/", "/hooks/github/../svn", "/healthz"} {
		recorder := httptest.NewRecorder()
		s.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
		if recorder.Code < 300 {
			t.Errorf("%s: %d", path, recorder.Code)
		}
	}
	recorder := httptest.NewRecorder()
	s.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/hooks/github", nil))
	if recorder.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", recorder.Code)
	}
}

func TestRefusalsAreToldOnceAMinuteWithoutWhatWasSent(t *testing.T) {
	s := newStage(t, webhook.GitHub)
	var told []webhook.Refusal
	s.Refused = func(r webhook.Refusal) { told = append(told, r) }
	for range 10 {
		recorder := httptest.NewRecorder()
		request := httptest.NewRequest(http.MethodPost, "/hooks/github", strings.NewReader("canary"))
		request.Header.Set("X-Hub-Signature-256", "sha256=canary")
		s.Handler().ServeHTTP(recorder, request)
	}
	if len(told) != 1 || told[0].Count != 1 || strings.Contains(fmt.Sprint(told), "canary") {
		t.Errorf("told %+v", told)
	}
}
