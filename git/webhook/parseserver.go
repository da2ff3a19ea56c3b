package webhook

import "strings"

// stashRepository is how Bitbucket Server calls a repository.
type stashRepository struct {
	Slug    string `json:"slug"`
	Project struct {
		Key string `json:"key"`
	} `json:"project"`
	Links struct {
		Clone []struct {
			Href string `json:"href"`
		} `json:"clone"`
	} `json:"links"`
}

func (r stashRepository) addresses() []string {
	var all []string
	for _, l := range r.Links.Clone {
		all = append(all, l.Href)
	}
	if r.Slug != "" && r.Project.Key != "" { // older ones, and pull requests, have no links
		all = append(all, r.Project.Key+"/"+r.Slug)
	}
	return all
}

func parseBitbucketServer(event string, body []byte) (Event, error) {
	switch event {
	case "repo:refs_changed", "mirror:repo_synchronized":
		return parseStashPush(body)
	case "pr:opened", "pr:from_ref_updated", "pr:to_ref_updated", "pr:modified", "pr:merged", "pr:declined", "pr:deleted":
		return parseStashRequest(body)
	}
	return still(body)
}

func parseStashPush(body []byte) (Event, error) {
	var payload struct {
		Changes []struct {
			Ref struct {
				ID string `json:"id"`
			} `json:"ref"`
		} `json:"changes"`
		Repository stashRepository `json:"repository"`
	}
	if err := decode(body, &payload); err != nil {
		return Event{}, err
	}
	var refs []string
	for _, c := range payload.Changes {
		refs = append(refs, c.Ref.ID)
	}
	return pushed(payload.Repository.addresses(), refs)
}

func parseStashRequest(body []byte) (Event, error) {
	var payload struct {
		Request struct {
			Number int64 `json:"id"`
			To     struct {
				Repository stashRepository `json:"repository"`
			} `json:"toRef"`
		} `json:"pullRequest"`
	}
	if err := decode(body, &payload); err != nil {
		return Event{}, err
	}
	return requested(payload.Request.To.Repository.addresses(), "refs/pull-requests/", payload.Request.Number)
}

func parseAzure(_ string, body []byte) (Event, error) {
	var of struct {
		Type string `json:"eventType"`
	}
	if err := decode(body, &of); err != nil {
		return Event{}, err
	}
	request := strings.HasPrefix(of.Type, "git.pullrequest.") // created, updated, and merged: a merge was tried
	if of.Type != "git.push" && !request {
		return Event{}, nil
	}
	var payload struct {
		Resource struct {
			Updates []struct {
				Name string `json:"name"`
			} `json:"refUpdates"`
			Number     int64 `json:"pullRequestId"`
			Repository struct {
				Remote string `json:"remoteUrl"`
				SSH    string `json:"sshUrl"`
			} `json:"repository"`
		} `json:"resource"`
	}
	if err := decode(body, &payload); err != nil {
		return Event{}, err
	}
	addresses := []string{payload.Resource.Repository.Remote, payload.Resource.Repository.SSH}
	if request {
		return requested(addresses, "refs/pull/", payload.Resource.Number)
	}
	var refs []string
	for _, u := range payload.Resource.Updates {
		refs = append(refs, u.Name)
	}
	return pushed(addresses, refs)
}
