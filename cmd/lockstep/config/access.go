package config

import (
	"github.com/lockstep-dev/lockstep/git"
)

// access checks whether credentials and proxy go with the address.
func (e *entry) access(r Repository) {
	if e.refused() {
		return
	}
	o := git.Options{URL: r.URL, Credentials: r.Credentials}
	if err := o.CheckAccess(); err != nil {
		key := "credentials.dir"
		if r.Credentials == "" {
			key = "url"
		}
		e.fail(e.lineOf(key), "%s: %s", key, err)
		return
	}
	o.Proxy = r.Proxy
	if err := o.CheckAccess(); err != nil {
		e.fail(e.lineOf("proxy"), "proxy: %s", err)
	}
}
