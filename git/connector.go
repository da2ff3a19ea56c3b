package git

import (
	"context"

	"github.com/go-git/go-git/v5/plumbing/transport"
)

// connector opens conversations with the server of one repository. Whoever calls connect closes the session, and lets no
// two of them overlap. All that a session waits for ends with the ctx of its connect.
type connector interface {
	connect(ctx context.Context) (transport.UploadPackSession, error)
	close() // lets go of connections; there may be a connect afterwards
}

func newConnector(at address, o Options) (connector, error) {
	proxy, err := parseProxy(o.Proxy)
	if err != nil {
		return nil, err
	}
	if at.remote.Scheme == "ssh" {
		return &sshConnector{at: at.remote, credentials: o.Credentials, dial: dialer(proxy)}, nil
	}
	return newHTTPConnector(at.remote, o.Credentials, proxy)
}

// CheckAccess says whether Credentials and Proxy go with the URL, by their text alone: it looks at no folder and makes no
// network call. Its errors are of the kind [ErrURL] and quote nothing of the URLs.
func (o Options) CheckAccess() error {
	at, err := parseAddress(o.URL)
	if err != nil {
		return err
	}
	_, err = parseProxy(o.Proxy)
	switch given := o.Credentials != ""; {
	case at.remote == nil && (given || o.Proxy != ""):
		return fail(ErrURL, "a folder takes neither credentials nor a proxy")
	case at.remote == nil:
		return nil
	case at.remote.Scheme == "http" && given:
		return fail(ErrURL, "credentials are not sent over http://, where anybody can read them: use https://")
	case at.remote.Scheme == "ssh" && !given:
		return fail(ErrURL, "ssh needs credentials: a folder with identity and known_hosts")
	}
	return err
}
