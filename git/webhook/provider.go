package webhook

import (
	"maps"
	"net/http"
	"slices"
)

// Provider is a kind of sender, by the name that is in the path of its requests.
type Provider string

// The providers that there are.
const (
	GitHub          Provider = "github"
	GitLab          Provider = "gitlab"
	Gitea           Provider = "gitea"
	Forgejo         Provider = "forgejo"
	Gogs            Provider = "gogs"
	Bitbucket       Provider = "bitbucket" // of Atlassian's cloud
	BitbucketServer Provider = "bitbucket-server"
	Azure           Provider = "azure" // Azure DevOps
	Generic         Provider = "generic"
)

// Providers returns the names of all providers, sorted.
func Providers() []string {
	names := []string{}
	for _, p := range slices.Sorted(maps.Keys(dialects)) {
		names = append(names, string(p))
	}
	return names
}

// dialect is how a provider signs, and how it says what has moved.
type dialect struct {
	// proof reads what the headers show; ok is false where they show nothing that could be right.
	proof func(http.Header) (p proof, ok bool)
	wants string // which header that is, for people
	event string // the header that names the event; empty where the body does
	parse func(event string, body []byte) (Event, error)
}

var dialects = map[Provider]dialect{
	GitHub:          {digestIn("X-Hub-Signature-256", "sha256="), "X-Hub-Signature-256", "X-GitHub-Event", parseGitHub},
	GitLab:          {ofGitLab, "webhook-signature or X-Gitlab-Token", "X-Gitlab-Event", parseGitLab},
	Gitea:           {digestIn("X-Gitea-Signature", ""), "X-Gitea-Signature", "X-Gitea-Event", parseGitHub},
	Forgejo:         {digestIn("X-Forgejo-Signature", ""), "X-Forgejo-Signature", "X-Forgejo-Event", parseGitHub},
	Gogs:            {digestIn("X-Gogs-Signature", ""), "X-Gogs-Signature", "X-Gogs-Event", parseGitHub},
	Bitbucket:       {digestIn("X-Hub-Signature", "sha256="), "X-Hub-Signature", "X-Event-Key", parseBitbucket},
	BitbucketServer: {digestIn("X-Hub-Signature", "sha256="), "X-Hub-Signature", "X-Event-Key", parseBitbucketServer},
	Azure:           {ofAzure, "Authorization: Basic or " + azureToken, "", parseAzure},
	Generic:         {digestIn("X-Signature", "sha256="), "X-Signature", "", parseGeneric},
}
