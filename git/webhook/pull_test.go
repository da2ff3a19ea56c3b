package webhook_test

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/lockstep-dev/lockstep/git/webhook"
)

// requests are what providers send about pull requests, and the refs that these have there.
var requests = []struct {
	delivery
	head, merge string
}{
	{delivery{webhook.GitHub, "pull_request", "github-pull"}, "refs/pull/420/head", "refs/pull/420/merge"},
	{delivery{webhook.Gitea, "pull_request", "gitea-pull"}, "refs/pull/420/head", "refs/pull/420/merge"},
	{delivery{webhook.Forgejo, "pull_request", "gitea-pull"}, "refs/pull/420/head", "refs/pull/420/merge"},
	{delivery{webhook.Gogs, "pull_request", "gitea-pull"}, "refs/pull/420/head", "refs/pull/420/merge"},
	{delivery{webhook.GitLab, "Merge Request Hook", "gitlab-merge-request"}, "refs/merge-requests/420/head", "refs/merge-requests/420/merge"},
	{delivery{webhook.GitLab, "System Hook", "gitlab-merge-request"}, "refs/merge-requests/420/head", "refs/merge-requests/420/merge"},
	{delivery{webhook.BitbucketServer, "pr:from_ref_updated", "bitbucket-server-pull"}, "refs/pull-requests/420/from", "refs/pull-requests/420/merge"},
	{delivery{webhook.Azure, "", "azure-pull"}, "refs/pull/420/head", "refs/pull/420/merge"},
}

// follow makes the one target that of a ref or a branch.
func (s *stage) follow(provider webhook.Provider, branch, ref string) {
	target := s.target(provider)
	target.Branch, target.Ref = branch, ref
	s.Set([]webhook.Target{target})
}

func TestAPullRequestWakesWhoFollowsItAndNobodyElse(t *testing.T) {
	for _, r := range requests {
		t.Run(string(r.provider)+" "+r.event, func(t *testing.T) {
			s, body := newStage(t, r.provider), payload(t, r.file)
			header := signed(r.provider, r.event, secret, body)
			for _, ref := range []string{r.head, r.merge} {
				s.follow(r.provider, "", ref)
				s.wants(http.StatusAccepted, 1, body, header)
			}
			s.follow(r.provider, "main", "")
			s.wants(http.StatusAccepted, 0, body, header)
			s.follow(r.provider, "", "") // a tag, a range of versions or a commit
			s.wants(http.StatusAccepted, 0, body, header)
			s.follow(r.provider, "", r.head)
			for _, number := range []string{"42", "4200"} {
				other := bytes.ReplaceAll(body, []byte("420"), []byte(number))
				s.wants(http.StatusAccepted, 0, other, signed(r.provider, r.event, secret, other))
			}
			fork := bytes.ReplaceAll(bytes.ReplaceAll(body, []byte("hop"), []byte("hopping")), []byte("HOP"), []byte("HOPPING"))
			s.wants(http.StatusAccepted, 0, fork, signed(r.provider, r.event, secret, fork))
			none := bytes.ReplaceAll(body, []byte(":420"), []byte(":0"))
			s.wants(http.StatusBadRequest, 0, none, signed(r.provider, r.event, secret, none))
		})
	}
}

func TestAPushWakesWhoFollowsAPullRequestToo(t *testing.T) {
	for _, d := range pushes { // its branch may be the pull request's
		s, body := newStage(t, d.provider), payload(t, d.file)
		s.follow(d.provider, "", "refs/pull/420/head")
		s.wants(http.StatusAccepted, 1, body, signed(d.provider, d.event, secret, body))
	}
}

func TestWhatIsAboutNoRefIsAcceptedWhateverItHolds(t *testing.T) {
	for _, d := range []delivery{ // a provider may give up on an address that refuses what it sends
		{webhook.GitHub, "star", `{"action":"created","ref":7,"number":"7","repository":{"clone_url":"x"}}`},
		{webhook.GitLab, "Issue Hook", `{"object_kind":"issue","changes":{"title":{"previous":"a","current":"b"}},"object_attributes":{"iid":7}}`},
		{webhook.GitLab, "System Hook", `{"event_name":"project_rename","changes":{},"project":7}`},
		{webhook.Bitbucket, "pullrequest:updated", `{"push":7,"repository":{"full_name":"team/shop"}}`},
		{webhook.BitbucketServer, "pr:comment:added", `{"changes":{},"pullRequest":7}`},
		{webhook.Azure, "", `{"eventType":"workitem.updated","resource":{"repository":7,"refUpdates":{}}}`},
	} {
		s := newStage(t, d.provider)
		s.wants(http.StatusAccepted, 0, []byte(d.file), signed(d.provider, d.event, secret, []byte(d.file)))
		broken := []byte("payload=%7B%7D")
		s.wants(http.StatusBadRequest, 0, broken, signed(d.provider, d.event, secret, broken))
	}
}
