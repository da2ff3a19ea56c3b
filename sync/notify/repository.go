package notify

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
)

// gitHubAPI is below the address of a GitHub of one's own.
const gitHubAPI = "/api/v3"

// api is the address of the provider's API.
func (t Target) api() (*url.URL, error) { return t.parse(cmp.Or(t.URL, usual[t.Type])) }

// hosts reports whether a repository is one of the provider whose API the target is: no other's commits are its business,
// and no token goes to a host that a repository names.
func (t Target) hosts(repository string) bool {
	api, err := t.api()
	if err != nil {
		return false
	}
	_, ok := t.repository(api, repository)
	return ok
}

// repository returns the parts of a path that the provider's API knows a repository by, if it is one of the provider's.
func (t Target) repository(api *url.URL, repository string) (known []string, ok bool) {
	scheme, host, parts := place(repository)
	if !t.isAt(strings.ToLower(api.Hostname()), host) {
		return nil, false
	}
	if scheme != "ssh" || t.Type == Azure { // whose SSH URLs have all of the path, too
		parts = below(t.base(api), parts)
	}
	switch t.Type {
	case BitbucketServer:
		if scheme != "ssh" && len(parts) > 2 && parts[0] == "scm" {
			parts = parts[1:]
		}
	case Azure:
		parts = azureRepository(host, parts)
	}
	want := map[Type][2]int{
		GitHub: {2, 2}, Gitea: {2, 2}, Bitbucket: {2, 2}, BitbucketServer: {2, 2}, Azure: {3, 3}, GitLab: {2, 25},
	}[t.Type]
	odd := func(part string) bool { return part == "" || part == "." || part == ".." }
	return parts, len(parts) >= want[0] && len(parts) <= want[1] && !slices.ContainsFunc(parts, odd)
}

// isAt reports whether the host of a repository's URL is one of those whose API is at own. Some have another one for SSH.
func (t Target) isAt(own, host string) bool {
	for _, before := range []string{"", "ssh.", "altssh."} {
		name, of := strings.CutPrefix(host, before)
		if of && name != "" && (name == own || "api."+name == own) {
			return true
		}
	}
	return t.Type == Azure && own == "dev.azure.com" && strings.HasSuffix(host, azureBefore)
}

// azureBefore is behind the organization in what the hosts of Azure DevOps were called before, and are still.
const azureBefore = ".visualstudio.com"

// azureRepository are the organization, or the collection, the project and the repository. One that is called as its project may
// be written without it.
func azureRepository(host string, parts []string) []string {
	if organization, ok := strings.CutSuffix(host, azureBefore); ok && organization != "vs-ssh" {
		parts = append([]string{organization}, slices.DeleteFunc(parts, func(part string) bool { return part == "DefaultCollection" })...)
	}
	if len(parts) == 4 && parts[0] == "v3" { // of an SSH URL
		parts = parts[1:]
		for i, part := range parts { // which are escaped there, though it is no URL
			if plain, err := url.PathUnescape(part); err == nil {
				parts[i] = plain
			}
		}
		return parts
	}
	before := len(parts) - 2
	if before < 1 || parts[before] != "_git" {
		return nil
	}
	if before == 1 {
		return []string{parts[0], parts[2], parts[2]}
	}
	return slices.Delete(parts, before, before+1)
}

// base is the path of the provider itself, where its API is below one.
func (t Target) base(api *url.URL) string {
	path := strings.TrimSuffix(api.Path, "/")
	if t.Type == GitHub {
		path = strings.TrimSuffix(path, gitHubAPI)
	}
	return path
}

// below are the parts of a path without those of base, where they are at its begin.
func below(base string, parts []string) []string {
	if above := strings.Split(strings.Trim(base, "/"), "/"); base != "" && len(parts) > len(above) && slices.Equal(above, parts[:len(above)]) {
		return parts[len(above):]
	}
	return parts
}

// link is what the status leads to: most providers want one.
func (t Target) link(api *url.URL, repository []string) string {
	if t.Link != "" {
		return t.Link
	}
	switch t.Type {
	case Azure:
		repository = []string{repository[0], repository[1], "_git", repository[2]}
	case BitbucketServer:
		repository = []string{"projects", repository[0], "repos", repository[1]}
	}
	page := url.URL{Scheme: api.Scheme, Host: api.Host}
	if t.Type == GitHub || t.Type == Bitbucket {
		page.Host = strings.TrimPrefix(page.Host, "api.")
	}
	page.Path, page.RawPath = joined(t.base(api), repository)
	return page.String()
}

// place is where a repository is: its host, and the parts of its path.
func place(repository string) (scheme, host string, parts []string) {
	u, err := url.Parse(repository)
	switch {
	case err == nil && u.Host != "":
		scheme, host, repository = u.Scheme, u.Hostname(), u.Path
	case strings.Contains(repository, ":") && !strings.Contains(repository, "://"): // git@host:path
		scheme = "ssh"
		host, repository, _ = strings.Cut(repository, ":")
		host = host[strings.LastIndex(host, "@")+1:]
	default:
		return "", "", nil
	}
	repository = strings.TrimSuffix(strings.Trim(repository, "/"), ".git")
	return scheme, strings.ToLower(host), strings.Split(repository, "/")
}
