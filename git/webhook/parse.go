package webhook

import "bytes"

// parseGitHub reads what GitHub sends, and Gitea, Forgejo and Gogs after its example.
func parseGitHub(event string, body []byte) (Event, error) {
	var payload struct {
		Ref        string `json:"ref"`
		Kind       string `json:"ref_type"`
		Repository struct {
			Clone string `json:"clone_url"`
			SSH   string `json:"ssh_url"`
			HTML  string `json:"html_url"`
		} `json:"repository"`
	}
	if err := decode(body, &payload); err != nil {
		return Event{}, err
	}
	if event != "push" && event != "create" && event != "delete" {
		return Event{}, nil
	}
	r := payload.Repository
	return pushed([]string{r.Clone, r.SSH, r.HTML}, []string{full(payload.Kind, payload.Ref)})
}

func parseGitLab(event string, body []byte) (Event, error) {
	var payload struct {
		Kind    string `json:"object_kind"`
		Name    string `json:"event_name"` // of a system hook
		Ref     string `json:"ref"`
		Changes []struct {
			Ref string `json:"ref"`
		} `json:"changes"`
		Refs    []string `json:"refs"`
		Project struct {
			HTTP string `json:"git_http_url"`
			SSH  string `json:"git_ssh_url"`
			Web  string `json:"web_url"`
		} `json:"project"`
	}
	if err := decode(body, &payload); err != nil {
		return Event{}, err
	}
	system := event == "System Hook" && (payload.Name == "push" || payload.Name == "tag_push" || payload.Name == "repository_update")
	if event != "Push Hook" && event != "Tag Push Hook" && !system {
		return Event{}, nil
	}
	refs := append(payload.Refs, payload.Ref)
	for _, c := range payload.Changes {
		refs = append(refs, c.Ref)
	}
	p := payload.Project
	return pushed([]string{p.HTTP, p.SSH, p.Web}, refs)
}

func parseBitbucket(event string, body []byte) (Event, error) {
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
	if event != "repo:push" {
		return Event{}, nil
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

func parseBitbucketServer(event string, body []byte) (Event, error) {
	var payload struct {
		Changes []struct {
			Ref struct {
				ID string `json:"id"`
			} `json:"ref"`
		} `json:"changes"`
		Repository struct {
			Slug    string `json:"slug"`
			Project struct {
				Key string `json:"key"`
			} `json:"project"`
			Links struct {
				Clone []struct {
					Href string `json:"href"`
				} `json:"clone"`
			} `json:"links"`
		} `json:"repository"`
	}
	if err := decode(body, &payload); err != nil {
		return Event{}, err
	}
	if event != "repo:refs_changed" && event != "mirror:repo_synchronized" {
		return Event{}, nil
	}
	var repositories, refs []string
	for _, l := range payload.Repository.Links.Clone {
		repositories = append(repositories, l.Href)
	}
	if r := payload.Repository; r.Slug != "" && r.Project.Key != "" { // older ones send no links
		repositories = append(repositories, r.Project.Key+"/"+r.Slug)
	}
	for _, c := range payload.Changes {
		refs = append(refs, c.Ref.ID)
	}
	return pushed(repositories, refs)
}

func parseAzure(_ string, body []byte) (Event, error) {
	var payload struct {
		Type     string `json:"eventType"`
		Resource struct {
			Updates []struct {
				Name string `json:"name"`
			} `json:"refUpdates"`
			Repository struct {
				Remote string `json:"remoteUrl"`
				SSH    string `json:"sshUrl"`
			} `json:"repository"`
		} `json:"resource"`
	}
	if err := decode(body, &payload); err != nil {
		return Event{}, err
	}
	if payload.Type != "git.push" {
		return Event{}, nil
	}
	var refs []string
	for _, u := range payload.Resource.Updates {
		refs = append(refs, u.Name)
	}
	r := payload.Resource.Repository
	return pushed([]string{r.Remote, r.SSH}, refs)
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
