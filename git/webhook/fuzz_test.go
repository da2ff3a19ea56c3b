package webhook

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fuzz holds a parser to what must be so of every body, beginning with what its provider sends.
func fuzz(f *testing.F, provider Provider, seeds string, events ...string) {
	files, err := filepath.Glob("testdata/" + seeds + "*.json")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for i := range events {
			f.Add(i, text)
		}
	}
	f.Add(0, []byte(strings.Repeat("[", 10_001)))
	parse := dialects[provider].parse
	f.Fuzz(func(t *testing.T, event int, body []byte) {
		e, err := parse(events[max(event, -event-1)%len(events)], body)
		if err != nil && (e.Moved || len(e.Repositories)+len(e.Refs) > 0 || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%+v, %v", e, err)
		}
		if !e.Moved && len(e.Repositories)+len(e.Refs) > 0 {
			t.Errorf("nothing moved, but %+v", e)
		}
		for _, ref := range e.Refs {
			if !strings.HasPrefix(ref, "refs/") {
				t.Errorf("ref %q", ref)
			}
		}
		for _, address := range e.Repositories {
			placed(t, address)
		}
	})
}

// placed wants a place to be what it says it is, and to have no user in it.
func placed(t *testing.T, address string) {
	at := placeOf(address)
	if strings.Contains(at.host, "@") || at.path != "" && !at.is(at) {
		t.Errorf("%q is %+v", address, at)
	}
}

func FuzzGitHub(f *testing.F) {
	fuzz(f, GitHub, "git[he][ua]", "push", "ping", "create", "delete", "issues", "pull_request")
}

func FuzzGitLab(f *testing.F) {
	fuzz(f, GitLab, "gitlab-", "Push Hook", "Tag Push Hook", "System Hook", "Issue Hook", "Merge Request Hook")
}
func FuzzBitbucket(f *testing.F) { fuzz(f, Bitbucket, "bitbucket-push", "repo:push", "repo:fork") }
func FuzzAzure(f *testing.F)     { fuzz(f, Azure, "azure-", "") }
func FuzzGeneric(f *testing.F)   { fuzz(f, Generic, "generic-", "") }

func FuzzBitbucketServer(f *testing.F) {
	fuzz(f, BitbucketServer, "bitbucket-server-", "repo:refs_changed", "mirror:repo_synchronized", "diagnostics:ping", "pr:opened")
}

func FuzzPlace(f *testing.F) {
	for _, address := range []string{
		"https://git.example.com/team/shop.git", "git@git.example.com:team/shop", "https://acme@dev.azure.com/acme/_git/shop", "ssh://a@[::1]:22/x", "%zz:a/b",
	} {
		f.Add(address)
	}
	f.Fuzz(placed)
}

// FuzzSignature wants nothing that the headers hold to be right for a body, as none of it was made with the secret.
func FuzzSignature(f *testing.F) {
	names := Providers()
	for i := range names {
		f.Add(i, "sha256="+strings.Repeat("ab", 32), []byte("{}"))
		f.Add(i, strings.Repeat("ab", 32), []byte("{}"))
		f.Add(i, "v1,q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=", []byte("{}"))
		f.Add(i, "Basic YTpi", []byte("{}"))
	}
	f.Fuzz(func(t *testing.T, i int, shown string, body []byte) {
		d, header := dialects[Provider(names[max(i, -i-1)%len(names)])], http.Header{}
		for _, name := range []string{
			"X-Hub-Signature", "X-Hub-Signature-256", "X-Gitea-Signature", "X-Forgejo-Signature", "X-Gogs-Signature", "X-Signature",
			"Webhook-Signature", "Webhook-Id", "Webhook-Timestamp", "Authorization", azureToken,
		} {
			header.Set(name, shown)
		}
		const secret = "a secret that no fuzzer finds"
		if p, ok := d.proof(header); ok && p.by([]byte(secret), body) {
			t.Errorf("%q is right", shown)
		}
	})
}
