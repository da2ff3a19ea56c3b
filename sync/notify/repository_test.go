package notify_test

import (
	"cmp"
	"encoding/json"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync/notify"
)

// repositories are URLs that people clone by, the API that a commit's status goes to, and what it leads to.
var repositories = []struct {
	kind                      notify.Type
	api, repository, to, link string
}{
	{notify.GitHub, "", "https://github.com/team/shop.git", "https://api.github.com/repos/team/shop/statuses/HASH", "https://github.com/team/shop"},
	{notify.GitHub, "", "git@github.com:team/shop.git", "https://api.github.com/repos/team/shop/statuses/HASH", "https://github.com/team/shop"},
	{notify.GitHub, "", "ssh://git@ssh.github.com:443/team/shop.git/", "https://api.github.com/repos/team/shop/statuses/HASH", "https://github.com/team/shop"},
	{notify.GitHub, "https://ghe.example.com:8443/api/v3/", "https://ghe.example.com:8443/team/shop", "https://ghe.example.com:8443/api/v3/repos/team/shop/statuses/HASH", "https://ghe.example.com:8443/team/shop"},
	{notify.GitHub, "https://api.octo.ghe.com", "https://octo.ghe.com/team/shop", "https://api.octo.ghe.com/repos/team/shop/statuses/HASH", "https://octo.ghe.com/team/shop"},
	{notify.GitHub, "", "https://github.com.example.com/team/shop", "", ""},
	{notify.GitHub, "", "https://github.com/team", "", ""},
	{notify.GitLab, "", "https://gitlab.com/group/sub/team/shop.git", "https://gitlab.com/api/v4/projects/group%2Fsub%2Fteam%2Fshop/statuses/HASH", "https://gitlab.com/group/sub/team/shop"},
	{notify.GitLab, "", "ssh://git@altssh.gitlab.com:443/group/shop.git", "https://gitlab.com/api/v4/projects/group%2Fshop/statuses/HASH", "https://gitlab.com/group/shop"},
	{notify.GitLab, "https://example.com/gitlab", "https://example.com/gitlab/group/shop.git", "https://example.com/gitlab/api/v4/projects/group%2Fshop/statuses/HASH", "https://example.com/gitlab/group/shop"},
	{notify.GitLab, "https://example.com/gitlab", "ssh://git@example.com/gitlab/shop.git", "https://example.com/gitlab/api/v4/projects/gitlab%2Fshop/statuses/HASH", "https://example.com/gitlab/gitlab/shop"},
	{notify.Gitea, "https://git.example.com:3000", "ssh://git@git.example.com:2222/team/shop.git", "https://git.example.com:3000/api/v1/repos/team/shop/statuses/HASH", "https://git.example.com:3000/team/shop"},
	{notify.Gitea, "https://example.com/git/", "https://example.com/git/team/shop.git", "https://example.com/git/api/v1/repos/team/shop/statuses/HASH", "https://example.com/git/team/shop"},
	{notify.Bitbucket, "", "git@bitbucket.org:team/shop.git", "https://api.bitbucket.org/2.0/repositories/team/shop/commit/HASH/statuses/build", "https://bitbucket.org/team/shop"},
	{notify.Bitbucket, "", "ssh://git@altssh.bitbucket.org:443/team/shop.git", "https://api.bitbucket.org/2.0/repositories/team/shop/commit/HASH/statuses/build", "https://bitbucket.org/team/shop"},
	{notify.BitbucketServer, "https://bb.example.com", "https://bb.example.com/scm/TEAM/shop.git", "https://bb.example.com/rest/api/latest/projects/TEAM/repos/shop/commits/HASH/builds", "https://bb.example.com/projects/TEAM/repos/shop"},
	{notify.BitbucketServer, "https://bb.example.com/bitbucket", "https://bb.example.com/bitbucket/scm/~ada/shop.git", "https://bb.example.com/bitbucket/rest/api/latest/projects/~ada/repos/shop/commits/HASH/builds", "https://bb.example.com/bitbucket/projects/~ada/repos/shop"},
	{notify.BitbucketServer, "https://bb.example.com", "ssh://git@bb.example.com:7999/scm/shop.git", "https://bb.example.com/rest/api/latest/projects/scm/repos/shop/commits/HASH/builds", "https://bb.example.com/projects/scm/repos/shop"},
	{notify.Azure, "", "https://org@dev.azure.com/org/my%20project/_git/shop", "https://dev.azure.com/org/my%20project/_apis/git/repositories/shop/commits/HASH/statuses?api-version=7.1", "https://dev.azure.com/org/my%20project/_git/shop"},
	{notify.Azure, "", "https://dev.azure.com/org/_git/shop", "https://dev.azure.com/org/shop/_apis/git/repositories/shop/commits/HASH/statuses?api-version=7.1", "https://dev.azure.com/org/shop/_git/shop"},
	{notify.Azure, "", "git@ssh.dev.azure.com:v3/org/my%20project/shop", "https://dev.azure.com/org/my%20project/_apis/git/repositories/shop/commits/HASH/statuses?api-version=7.1", "https://dev.azure.com/org/my%20project/_git/shop"},
	{notify.Azure, "", "https://org.visualstudio.com/DefaultCollection/project/_git/shop", "https://dev.azure.com/org/project/_apis/git/repositories/shop/commits/HASH/statuses?api-version=7.1", "https://dev.azure.com/org/project/_git/shop"},
	{notify.Azure, "", "https://org.visualstudio.com/_git/shop", "https://dev.azure.com/org/shop/_apis/git/repositories/shop/commits/HASH/statuses?api-version=7.1", "https://dev.azure.com/org/shop/_git/shop"},
	{notify.Azure, "", "org@vs-ssh.visualstudio.com:v3/org/project/shop", "https://dev.azure.com/org/project/_apis/git/repositories/shop/commits/HASH/statuses?api-version=7.1", "https://dev.azure.com/org/project/_git/shop"},
	{notify.Azure, "https://tfs.example.com/tfs", "https://tfs.example.com/tfs/Main/project/_git/shop", "https://tfs.example.com/tfs/Main/project/_apis/git/repositories/shop/commits/HASH/statuses?api-version=7.1", "https://tfs.example.com/tfs/Main/project/_git/shop"},
	{notify.Azure, "https://tfs.example.com/tfs", "ssh://tfs.example.com:22/tfs/Main/project/_git/shop", "https://tfs.example.com/tfs/Main/project/_apis/git/repositories/shop/commits/HASH/statuses?api-version=7.1", "https://tfs.example.com/tfs/Main/project/_git/shop"},
	{notify.Azure, "https://tfs.example.com/tfs", "https://org.visualstudio.com/project/_git/shop", "", ""},
	{notify.Azure, "", "https://dev.azure.com/org/project/shop", "", ""},
	{notify.Azure, "", "git@ssh.dev.azure.com:v3/org/%2e%2e/shop", "", ""},
}

func TestARepositoryIsFoundByEachURLThatItIsClonedBy(t *testing.T) {
	for _, test := range repositories {
		target := notify.Target{Name: "x", Type: test.kind, URL: test.api, TokenFile: file(t, "t0ken")}
		if err := target.Check(); err != nil {
			t.Fatal(err)
		}
		to, body, err := notify.Status(target, test.repository, first)
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.ReplaceAll(test.to, "HASH", first.Hash); to != want {
			t.Errorf("%s:\ngot  %s\nwant %s", test.repository, to, want)
		}
		said := statusOf(t, body)
		if link := cmp.Or(said.Target, said.TargetURL, said.URL); link != test.link {
			t.Errorf("%s leads to %s, want %s", test.repository, link, test.link)
		}
	}
}

// said is a status, whatever a provider calls the parts of it.
type said struct {
	Target         string `json:"target_url"`
	TargetURL, URL string
	Name, Key, Ref string
	Context        any
}

func statusOf(t *testing.T, body []byte) said {
	t.Helper()
	var s said
	if len(body) > 0 {
		if err := json.Unmarshal(body, &s); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestGitLabGetsABranchOrATagForARef(t *testing.T) {
	target := notify.Target{Name: "x", Type: notify.GitLab, TokenFile: file(t, "t0ken")}
	for ref, want := range map[string]string{"main": `"ref":"main"`, "v1.2.0": `"ref":"v1.2.0"`, "": "", "refs/merge-requests/7/head": ""} {
		_, body, err := notify.Status(target, "https://gitlab.com/team/shop", git.Revision{Ref: ref, Hash: first.Hash})
		if err != nil || !strings.Contains(string(body), want) || want == "" && strings.Contains(string(body), `"ref"`) {
			t.Errorf("%q: %s, %v", ref, body, err)
		}
	}
}

func TestTwoClustersThatAreAtOneCommitAreToldApart(t *testing.T) {
	for _, test := range commitTests {
		seen := map[string]bool{}
		for _, cluster := range []string{"", "eu", "us", strings.Repeat("a", 62), strings.Repeat("a", 61) + "b"} {
			target := test.target
			target.Name, target.URL, target.TokenFile, target.Cluster = "x", "https://127.0.0.1"+target.URL, file(t, "t0ken"), cluster
			_, body, err := notify.Status(target, test.repository, first)
			if err != nil {
				t.Fatal(err)
			}
			status := statusOf(t, body)
			id, err := json.Marshal([]any{status.Context, cmp.Or(status.Key, status.Name)})
			if err != nil {
				t.Fatal(err)
			}
			if len(status.Key) > 40 { // the longest that Bitbucket takes
				t.Errorf("%s: a key of %d bytes", target.Type, len(status.Key))
			}
			if seen[string(id)] || cluster != "" && !strings.Contains(string(body), "lockstep/"+cluster) {
				t.Errorf("%s in %q: %s", target.Type, cluster, body)
			}
			seen[string(id)] = true
		}
	}
}

func TestAChatAndAWebhookAreToldTheCluster(t *testing.T) {
	chat, hook := newReceiver(t, nil), newReceiver(t, nil)
	in := slack(t, chat)
	in.Cluster = "eu"
	s := newStage(t, repository, in, notify.Target{Name: "hook", Type: notify.Webhook, URL: hook.URL, Cluster: "eu"})
	s.tell("web", first, healthy(first)...)
	if got := chat.text(t); !strings.HasPrefix(got, "web in eu is Healthy: ") {
		t.Error(got)
	}
	if got := hook.next(t).body; !strings.Contains(got, `"source":"/lockstep/clusters/eu/apps/web"`) || !strings.Contains(got, `"cluster":"eu"`) {
		t.Error(got)
	}
}
