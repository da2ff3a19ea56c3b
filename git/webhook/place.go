package webhook

import (
	"net/url"
	"slices"
	"strings"
)

// place is what all addresses of a repository have in common: https and ssh ones, with and without .git, in whatever case.
type place struct{ host, path string } // no host: only the end of the path is known

func placeOf(address string) place {
	var host, path string
	if _, rest, isURL := strings.Cut(address, "://"); isURL {
		host, path, _ = strings.Cut(rest, "/")
	} else if before, after, found := strings.Cut(address, ":"); found && !strings.Contains(before, "/") { // git@host:path
		host, path = before, after
	} else {
		path = address
	}
	host = host[strings.LastIndexByte(host, '@')+1:]
	if at := strings.LastIndexByte(host, ':'); at >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:at] // https and ssh have different ones
	}
	if plain, err := url.PathUnescape(path); err == nil {
		path = plain
	}
	path = strings.Trim(strings.ToLower(path), "/")
	path = strings.Trim(strings.TrimSuffix(path, ".git"), "/")
	return place{strings.ToLower(host), path}.known()
}

// known undoes what some providers put into the paths of some addresses.
func (p place) known() place {
	parts := strings.Split(p.path, "/")
	account, ofStudio := strings.CutSuffix(p.host, ".visualstudio.com")
	switch {
	case p.host == "ssh.dev.azure.com" && len(parts) == 4, p.host == "vs-ssh.visualstudio.com" && len(parts) == 4: // v3/account/project/name
		return place{"dev.azure.com", strings.Join(parts[1:], "/")}
	case ofStudio:
		p.host, parts = "dev.azure.com", append([]string{account}, parts...)
	}
	if at := slices.Index(parts, "_git"); p.host == "dev.azure.com" && at > 0 && at == len(parts)-2 {
		if parts = slices.Delete(parts, at, at+1); len(parts) == 2 { // a project's repository of the same name
			parts = append(parts, parts[1])
		}
	}
	if len(parts) > 2 && parts[0] == "scm" { // Bitbucket Server over https
		parts = parts[1:]
	}
	p.path = strings.Join(parts, "/")
	return p
}

// is reports whether an address that a sender gave is of this place.
func (p place) is(given place) bool {
	if given.host == "" {
		return given.path != "" && strings.HasSuffix("/"+p.path, "/"+given.path)
	}
	return p == given
}

// named reports whether a server of another name has the same path: inside a cluster, or behind a proxy, the one that is
// followed often has another name than the one that it gives itself.
func (p place) named(given place) bool { return given.path != "" && p.path == given.path }
