package notify

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/sync"
)

// longestDescription is how many characters of a description the strictest provider, GitHub, takes.
const longestDescription = 140

// provider is how a git provider takes a commit status.
type provider struct {
	// path is where to, below the API's URL, for a repository of those parts.
	path    func(repository []string, hash string) []string
	query   string
	states  [4]string // pending, success, failure, and what is neither
	context func(state, description, link string, n Notice) map[string]any
	header  func(token string) (name, value string)
}

var bearer = func(token string) (string, string) { return "Authorization", "Bearer " + token }

// providers are those that there are.
var providers = map[Type]provider{
	GitHub: {
		path: func(r []string, hash string) []string {
			return append(append([]string{"repos"}, r...), "statuses", hash)
		},
		states: [4]string{"pending", "success", "failure", "error"}, context: github, header: bearer,
	},
	Gitea: {
		path: func(r []string, hash string) []string {
			return append(append([]string{"api", "v1", "repos"}, r...), "statuses", hash)
		},
		states: [4]string{"pending", "success", "failure", "error"}, context: github,
		header: func(token string) (string, string) { return "Authorization", "token " + token },
	},
	GitLab: {
		path: func(r []string, hash string) []string {
			return []string{"api", "v4", "projects", strings.Join(r, "/"), "statuses", hash}
		},
		states: [4]string{"running", "success", "failed", "canceled"}, context: gitlab,
		header: func(token string) (string, string) { return "PRIVATE-TOKEN", token },
	},
	Bitbucket: {
		path: func(r []string, hash string) []string {
			return append(append([]string{"2.0", "repositories"}, r...), "commit", hash, "statuses", "build")
		},
		states: [4]string{"INPROGRESS", "SUCCESSFUL", "FAILED", "STOPPED"}, context: bitbucket, header: bearer,
	},
	BitbucketServer: {
		path: func(_ []string, hash string) []string {
			return []string{"rest", "build-status", "1.0", "commits", hash}
		},
		states: [4]string{"INPROGRESS", "SUCCESSFUL", "FAILED", "FAILED"}, context: bitbucket, header: bearer,
	},
	Azure: {
		path: func(r []string, hash string) []string {
			return []string{r[0], r[1], "_apis", "git", "repositories", r[2], "commits", hash, "statuses"}
		},
		query: "api-version=7.1", states: [4]string{"pending", "succeeded", "failed", "notApplicable"}, context: azure,
		header: func(token string) (string, string) {
			return "Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(":"+token))
		},
	},
}

// contextOf is what a commit's page calls the status.
func contextOf(n Notice) string { return "lockstep/" + n.App }

func github(state, description, link string, n Notice) map[string]any {
	return map[string]any{"state": state, "description": description, "target_url": link, "context": contextOf(n)}
}

func gitlab(state, description, link string, n Notice) map[string]any {
	return map[string]any{"state": state, "description": description, "target_url": link, "name": contextOf(n), "ref": n.Revision.Ref}
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
		"state": state, "description": description, "targetUrl": link, "context": map[string]string{"genre": "lockstep", "name": n.App},
	}
}

// commitStatus is the status of n's commit.
func (t Target) commitStatus(n Notice) (message, error) {
	p := providers[t.Type]
	api, err := t.parse(cmp.Or(t.URL, usual[t.Type]))
	if err != nil {
		return message{}, err
	}
	host, parts := place(n.Repository)
	parts, ok := t.repository(parts)
	if !ok {
		return message{}, errors.New("the repository's URL is none of the provider's")
	}
	to := *api
	to.Path, to.RawPath = joined(api.Path, p.path(parts, n.Revision.Hash))
	to.RawQuery = p.query
	m, err := newMessage(&to, p.context(t.stateOf(n), t.description(n), t.link(host, parts), n))
	if err != nil {
		return message{}, err
	}
	token, err := secret(t.TokenFile)
	if err != nil {
		return message{}, err
	}
	name, value := p.header(token)
	m.secrets = []string{token, value[strings.LastIndexByte(value, ' ')+1:]}
	m.header.Set(name, value)
	m.header.Set("Accept", "application/json")
	return m, nil
}

// joined returns a path, as it is and as it is written, of parts of which each is one, whatever it holds.
func joined(base string, parts []string) (plain, written string) {
	base = strings.TrimSuffix(base, "/")
	written = (&url.URL{Path: base}).EscapedPath()
	plain = base
	for _, part := range parts {
		plain += "/" + part
		written += "/" + url.PathEscape(part)
	}
	return plain, written
}

func (t Target) stateOf(n Notice) string {
	states := providers[t.Type].states
	if n.overtaken {
		return states[3]
	}
	switch n.State {
	case sync.Healthy:
		return states[1]
	case sync.Failed, sync.Blocked, sync.RolledBack:
		return states[2]
	}
	return states[0]
}

func (t Target) description(n Notice) string {
	text := n.summary()
	switch {
	case n.overtaken:
	case t.Template != "":
		text = t.text(n)
	case n.State == sync.Syncing:
		text = "being applied"
	}
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > longestDescription {
		text = string(runes[:longestDescription-1]) + "…"
	}
	return text
}

// link is what the status leads to: most providers want one.
func (t Target) link(host string, parts []string) string {
	if t.Link != "" {
		return t.Link
	}
	if t.Type == Azure {
		parts = []string{parts[0], parts[1], "_git", parts[2]}
	}
	return (&url.URL{Scheme: "https", Host: strings.TrimPrefix(host, "ssh."), Path: "/" + strings.Join(parts, "/")}).String()
}

// place is where a repository is: its host, and the parts of its path.
func place(repository string) (host string, parts []string) {
	u, err := url.Parse(repository)
	switch {
	case err == nil && u.Host != "":
		host, repository = u.Hostname(), u.Path
	case strings.Contains(repository, ":") && !strings.Contains(repository, "://"): // git@host:path
		host, repository, _ = strings.Cut(repository, ":")
		host = host[strings.LastIndex(host, "@")+1:]
	default:
		return "", nil
	}
	repository = strings.TrimSuffix(strings.Trim(repository, "/"), ".git")
	return strings.ToLower(host), strings.Split(repository, "/")
}

// repository returns the parts of a path that the provider's API knows a repository by.
func (t Target) repository(parts []string) (known []string, ok bool) {
	parts = slices.DeleteFunc(slices.Clone(parts), func(part string) bool { return part == "" || part == "_git" })
	switch {
	case slices.Contains(parts, "..") || slices.Contains(parts, "."):
		return nil, false
	case t.Type == Azure && len(parts) == 4 && parts[0] == "v3": // of an SSH URL
		parts = parts[1:]
	}
	want := map[Type][2]int{
		GitHub: {2, 2}, Gitea: {2, 2}, Bitbucket: {2, 2}, BitbucketServer: {1, 5}, Azure: {3, 3}, GitLab: {2, 25},
	}[t.Type]
	return parts, len(parts) >= want[0] && len(parts) <= want[1]
}

// hosts reports whether a repository is one of the provider whose API the target is: no other's commits are its business,
// and no token goes to a host that a repository names.
func (t Target) hosts(repository string) bool {
	api, err := url.Parse(cmp.Or(t.URL, usual[t.Type]))
	host, parts := place(repository)
	if _, ok := t.repository(parts); err != nil || host == "" || !ok {
		return false
	}
	own := strings.ToLower(api.Hostname())
	return host == own || "api."+host == own || host == "ssh."+own
}
