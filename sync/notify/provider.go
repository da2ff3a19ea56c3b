package notify

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// provider is how a git provider takes a commit status.
type provider struct {
	// path is where to, below the API's URL, for a repository of those parts.
	path   func(repository []string, hash string) []string
	query  string
	states [4]string // pending, success, failure, and what is neither
	body   func(state, description, link string, n Notice) map[string]any
	header func(token string) (name, value string)
}

var bearer = func(token string) (string, string) { return "Authorization", "Bearer " + token }

// providers are those that there are.
var providers = map[Type]provider{
	GitHub: {
		path: func(r []string, hash string) []string {
			return append(append([]string{"repos"}, r...), "statuses", hash)
		},
		states: [4]string{"pending", "success", "failure", "error"}, body: github, header: bearer,
	},
	Gitea: {
		path: func(r []string, hash string) []string {
			return append(append([]string{"api", "v1", "repos"}, r...), "statuses", hash)
		},
		states: [4]string{"pending", "success", "failure", "error"}, body: github,
		header: func(token string) (string, string) { return "Authorization", "token " + token },
	},
	GitLab: {
		path: func(r []string, hash string) []string {
			return []string{"api", "v4", "projects", strings.Join(r, "/"), "statuses", hash}
		},
		states: [4]string{"running", "success", "failed", "canceled"}, body: gitlab,
		header: func(token string) (string, string) { return "PRIVATE-TOKEN", token },
	},
	Bitbucket: {
		path: func(r []string, hash string) []string {
			return append(append([]string{"2.0", "repositories"}, r...), "commit", hash, "statuses", "build")
		},
		states: [4]string{"INPROGRESS", "SUCCESSFUL", "FAILED", "STOPPED"}, body: bitbucket, header: bearer,
	},
	BitbucketServer: {
		path: func(r []string, hash string) []string {
			return []string{"rest", "api", "latest", "projects", r[0], "repos", r[1], "commits", hash, "builds"}
		},
		states: [4]string{"INPROGRESS", "SUCCESSFUL", "FAILED", "CANCELLED"}, body: bitbucket, header: bearer,
	},
	Azure: {
		path: func(r []string, hash string) []string {
			return []string{r[0], r[1], "_apis", "git", "repositories", r[2], "commits", hash, "statuses"}
		},
		query: "api-version=7.1", states: [4]string{"pending", "succeeded", "failed", "notApplicable"}, body: azure,
		header: func(token string) (string, string) {
			return "Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(":"+token))
		},
	},
}

// genreOf is before the app in what a commit's page calls the status: two clusters may have an app of one name.
func genreOf(n Notice) string { return strings.TrimSuffix("lockstep/"+n.Cluster, "/") }

// contextOf is what a commit's page calls the status.
func contextOf(n Notice) string { return genreOf(n) + "/" + n.App }

func github(state, description, link string, n Notice) map[string]any {
	return map[string]any{"state": state, "description": description, "target_url": link, "context": contextOf(n)}
}

// gitlab names the branch or the tag, as there may be a pipeline for each of several that are at the commit. A ref that is
// neither it would take for a branch.
func gitlab(state, description, link string, n Notice) map[string]any {
	status := map[string]any{"state": state, "description": description, "target_url": link, "name": contextOf(n)}
	if ref := n.Revision.Ref; ref != "" && !strings.HasPrefix(ref, "refs/") {
		status["ref"] = ref
	}
	return status
}

func bitbucket(state, description, link string, n Notice) map[string]any {
	key := contextOf(n)
	if len(key) > 40 { // the longest that Bitbucket takes
		sum := sha256.Sum256([]byte(key))
		key = "lockstep/" + hex.EncodeToString(sum[:15])
	}
	return map[string]any{"state": state, "description": description, "url": link, "key": key, "name": contextOf(n)}
}

func azure(state, description, link string, n Notice) map[string]any {
	return map[string]any{
		"state": state, "description": description, "targetUrl": link, "context": map[string]string{"genre": genreOf(n), "name": n.App},
	}
}
