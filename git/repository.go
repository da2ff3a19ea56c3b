package git

import (
	"context"
	"sync/atomic"
)

// Repository is one branch, or another [Ref], of one repository. It is safe for concurrent use.
type Repository struct {
	name   string
	source source
	keys   *keyring // nil when signatures are not asked for

	credentials string // their folder; empty for none
	shown       atomic.Pointer[shown]
}

// source is where a branch is read from: a folder or a remote.
type source interface {
	fetch(ctx context.Context) (Snapshot, error)
	past(ctx context.Context, commit digits) (Snapshot, error)
	watch() []string
	close() error
}

// Open says what is wrong with o, before any network call, or returns its Repository. A folder must be a repository
// already; a remote is first asked by Fetch.
func Open(o Options) (*Repository, error) {
	o = o.withDefaults()
	at, err := parseAddress(o.URL)
	if err != nil {
		return nil, err
	}
	wanted, err := o.target()
	if err != nil {
		return nil, named(at.String(), err)
	}
	if err := o.CheckAccess(); err != nil {
		return nil, named(at.String(), err)
	}
	r := &Repository{name: at.String(), credentials: o.Credentials}
	if o.Keys != "" {
		r.keys = &keyring{dir: o.Keys}
	}
	if at.remote != nil {
		r.source, err = newRemote(at, o, wanted)
	} else {
		r.source, err = newLocal(at.folder, wanted)
	}
	if err != nil {
		return nil, named(r.name, err)
	}
	r.Expect(o.Folders...)
	return r, nil
}

// Fetch returns the commit that the branch's head is now. It writes to no repository but the cache of a remote. Errors
// are of the kinds that this package declares, or of ctx when it was ctx that ended it; after one, whatever was fetched
// before is as good as it was.
func (r *Repository) Fetch(ctx context.Context) (Snapshot, error) {
	shows := r.shows()
	r.shown.Store(&shows)
	s, err := r.source.fetch(ctx)
	if err == nil && r.keys != nil {
		s.Signer, err = r.keys.verify(s)
	}
	if err != nil {
		return Snapshot{}, named(r.name, err)
	}
	return s, nil
}

// Watch returns the files and folders, of which some may not exist yet, that change when the branch of a folder moves;
// nil for a remote. They change when the repository is packed or replaced: ask again then.
func (r *Repository) Watch() []string { return r.source.watch() }

// String returns the URL, or the folder, without anything secret.
func (r *Repository) String() string { return r.name }

// Close lets go of connections and of the cache folder. Snapshots stay readable.
func (r *Repository) Close() error { return named(r.name, r.source.close()) }
