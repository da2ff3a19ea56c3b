package webhook

import (
	"bytes"
	"cmp"
)

// parseGitHub reads what GitHub sends, and Gitea, Forgejo and Gogs after its example.
func parseGitHub(event string, body []byte) (Event, error) {
	request := event == "pull_request" || event == "pull_request_sync"
	if event != "push" && event != "create" && event != "delete" && !request {
		return still(body)
	}
	var payload struct {
		Ref        string `json:"ref"`
		Kind       string `json:"ref_type"`
		Number     int64  `json:"number"`
		Repository struct {
			Clone string `json:"clone_url"`
			SSH   string `json:"ssh_url"`
			HTML  string `json:"html_url"`
		} `json:"repository"`
	}
	if err := decode(body, &payload); err != nil {
		return Event{}, err
	}
	r := payload.Repository
	addresses := []string{r.Clone, r.SSH, r.HTML}
	if request {
		return requested(addresses, "refs/pull/", payload.Number)
	}
	return pushed(addresses, []string{full(payload.Kind, payload.Ref)})
}

// gitLabProject is how GitLab calls a repository.
type gitLabProject struct {
	HTTP string `json:"git_http_url"`
	SSH  string `json:"git_ssh_url"`
	Web  string `json:"web_url"`
}

func (p gitLabProject) addresses() []string { return []string{p.HTTP, p.SSH, p.Web} }

func parseGitLab(event string, body []byte) (Event, error) {
	if event == "System Hook" {
		var named struct {
			Kind string `json:"object_kind"`
			Name string `json:"event_name"`
		}
		if err := decode(body, &named); err != nil {
			return Event{}, err
		}
		event = cmp.Or(named.Name, named.Kind)
	}
	switch event {
	case "Push Hook", "Tag Push Hook", "push", "tag_push", "repository_update":
		return parseGitLabPush(body)
	case "Merge Request Hook", "merge_request":
		return parseGitLabRequest(body)
	}
	return still(body)
}

func parseGitLabPush(body []byte) (Event, error) {
	var payload struct {
		Ref     string `json:"ref"`
		Changes []struct {
			Ref string `json:"ref"`
		} `json:"changes"` // something else in other events
		Refs    []string      `json:"refs"`
		Project gitLabProject `json:"project"`
	}
	if err := decode(body, &payload); err != nil {
		return Event{}, err
	}
	refs := append(payload.Refs, payload.Ref)
	for _, c := range payload.Changes {
		refs = append(refs, c.Ref)
	}
	return pushed(payload.Project.addresses(), refs)
}

func parseGitLabRequest(body []byte) (Event, error) {
	var payload struct {
		Project gitLabProject `json:"project"`
		Request struct {
			Number int64 `json:"iid"`
		} `json:"object_attributes"`
	}
	if err := decode(body, &payload); err != nil {
		return Event{}, err
	}
	return requested(payload.Project.addresses(), "refs/merge-requests/", payload.Request.Number)
}

func parseBitbucket(event string, body []byte) (Event, error) {
	if event != "repo:push" {
		return still(body)
	}
	type ref struct {
		Type string `json:"type"`
		Name string `json:"name"`
	}
	var payload struct {
		Push struct {
			Changes []struct {
				Old *ref `json:"old"`
				New *ref `json:"new"`
			} `json:"changes"`
		} `json:"push"`
		Repository struct {
			Links struct {
				HTML struct {
					Href string `json:"href"`
				} `json:"html"`
			} `json:"links"`
			FullName string `json:"full_name"`
		} `json:"repository"`
	}
	if err := decode(body, &payload); err != nil {
		return Event{}, err
	}
	var refs []string
	for _, c := range payload.Push.Changes {
		for _, r := range []*ref{c.Old, c.New} {
			if r != nil {
				refs = append(refs, full(r.Type, r.Name))
			}
		}
	}
	return pushed([]string{payload.Repository.Links.HTML.Href, payload.Repository.FullName}, refs)
}

// parseGeneric reads {"repository": "https://...", "ref": "refs/heads/main"}; both may be missing, and so may the body.
func parseGeneric(_ string, body []byte) (Event, error) {
	var payload struct {
		Repository string `json:"repository"`
		Ref        string `json:"ref"`
	}
	if len(bytes.TrimSpace(body)) > 0 {
		if err := decode(body, &payload); err != nil {
			return Event{}, err
		}
	}
	e := Event{Moved: true, Refs: fullNames(payload.Ref)}
	if payload.Repository != "" {
		e.Repositories = []string{payload.Repository}
	}
	return e, nil
}
