package probe

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// URL is one port of one Service, and what to ask it for. It is comparable.
type URL struct {
	Scheme    string // http or https
	Service   string
	Namespace string // empty for the app's own
	Port      string // a number or a name, as the Service has it
	Path      string // with the query, always with a slash first
}

// maxURL bounds what is read as a URL.
const maxURL = 1024

// Parse reads http://SERVICE[.NAMESPACE[.svc[.DOMAIN]]][:PORT][/PATH]. A URL that holds a user or a password is refused, and
// so is an address: only Services are asked. The errors repeat nothing of the text, which may hold what is secret.
func Parse(text string) (URL, error) {
	if len(text) > maxURL {
		return URL{}, fmt.Errorf("longer than %d characters", maxURL)
	}
	scheme, rest, found := strings.Cut(text, "://")
	if !found || scheme != "http" && scheme != "https" {
		return URL{}, errors.New("want http:// or https:// and the name of a Service")
	}
	authority, path := rest, "/"
	if at := strings.IndexAny(rest, "/?#"); at >= 0 {
		authority, path = rest[:at], rest[at:]
	}
	if strings.Contains(authority, "@") {
		return URL{}, errors.New("a user or a password does not belong there, and is not sent")
	}
	u := URL{Scheme: scheme}
	var err error
	if u.Path, err = parsePath(path); err != nil {
		return URL{}, err
	}
	host, port, given := strings.Cut(authority, ":")
	if u.Port, err = parsePort(scheme, port, given); err != nil {
		return URL{}, err
	}
	u.Service, u.Namespace, err = parseHost(host)
	return u, err
}

// parsePath takes the path and the query as they are to be sent.
func parsePath(text string) (string, error) {
	if !strings.HasPrefix(text, "/") {
		text = "/" + text
	}
	parsed, err := url.ParseRequestURI(text)
	switch {
	case err != nil:
		return "", errors.New("the path is none that a URL may have")
	case strings.Contains(text, "#"):
		return "", errors.New("a fragment (#) is never sent")
	case strings.Contains(parsed.Path+"/", "/../"):
		return "", errors.New("the path has .. in it, and may not go up")
	}
	return parsed.RequestURI(), nil
}

// parsePort takes a number or a Service's name of a port; that of the scheme where none is given.
func parsePort(scheme, text string, given bool) (string, error) {
	if !given {
		return map[string]string{"http": "80", "https": "443"}[scheme], nil
	}
	if n, err := strconv.Atoi(text); err == nil {
		if n < 1 || n > 65535 || strconv.Itoa(n) != text {
			return "", errors.New("want a port between 1 and 65535")
		}
		return text, nil
	}
	if len(validation.IsDNS1123Label(text)) > 0 {
		return "", errors.New("want the number or the name of a port after the colon")
	}
	return text, nil
}

// parseHost takes the name of a Service as a pod would: web, web.shop, web.shop.svc, web.shop.svc.cluster.local.
func parseHost(host string) (service, namespace string, err error) {
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if len(validation.IsDNS1123Label(label)) > 0 {
			return "", "", errors.New("want the name of a Service as the host")
		}
	}
	switch {
	case len(validation.IsDNS1035Label(labels[0])) > 0: // an address begins with a digit, and no Service does
		return "", "", errors.New("want the name of a Service as the host, not an address")
	case len(labels) == 1:
		return labels[0], "", nil
	case len(labels) > 2 && labels[2] != "svc":
		return "", "", errors.New("want the name of a Service as the host: SERVICE.NAMESPACE.svc")
	}
	return labels[0], labels[1], nil
}

// In returns u with the namespace, where it names none.
func (u URL) In(namespace string) URL {
	if u.Namespace == "" {
		u.Namespace = namespace
	}
	return u
}

// Host is what a request says that it asks.
func (u URL) Host() string {
	host := u.Service
	if u.Namespace != "" {
		host += "." + u.Namespace + ".svc"
	}
	return host
}

// String is the URL without its query, which may hold what is secret.
func (u URL) String() string {
	path, _, _ := strings.Cut(u.Path, "?")
	return fmt.Sprintf("%s://%s:%s%s", u.Scheme, u.Service, u.Port, path)
}
