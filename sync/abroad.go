package sync

import (
	"context"
	"fmt"
	"maps"
	"slices"
	stdsync "sync"
	"time"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/apply/manifest"
	"github.com/lockstep-dev/lockstep/apply/object"
	"github.com/lockstep-dev/lockstep/git"
)

// abroadLook is how often an app that waits for one that another process keeps looks at the record of it.
const abroadLook = time.Second

// abroad is the apps of a roster that other processes keep. What they want is read from git, and what they are at from the
// record in the cluster: the processes need not talk to each other.
type abroad struct {
	record func(ctx context.Context, app string) (*inventory.Inventory, error) // nil where there is no other process

	mu     stdsync.Mutex
	apps   map[string]App
	wishes map[string]wish // what was read last, by app
}

// wish is what an app wants of a commit.
type wish struct {
	of      App
	at      git.Revision
	content string
	objects map[object.ID]bool
	err     error
}

func newAbroad(record func(context.Context, string) (*inventory.Inventory, error)) *abroad {
	return &abroad{record: record, wishes: map[string]wish{}}
}

// are makes apps those that others keep.
func (a *abroad) are(apps map[string]App) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.apps = apps
	maps.DeleteFunc(a.wishes, func(name string, _ wish) bool { _, is := apps[name]; return !is })
}

func (a *abroad) app(name string) (App, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	app, is := a.apps[name]
	return app, is
}

// has reports whether others keep one of the apps.
func (a *abroad) has(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { _, is := a.app(name); return is })
}

// wish returns what an app wants of a commit.
func (a *abroad) wish(ctx context.Context, app App, snapshot git.Snapshot) wish {
	a.mu.Lock()
	known := a.wishes[app.Name]
	a.mu.Unlock()
	if known.at == snapshot.Revision && sameApp(known.of, app) {
		return known
	}
	root := snapshot.Until(ctx).Root()
	defer func() { _ = root.Close() }() // it only lets go of files
	set, err := manifest.Load(ctx, root, app.Path, manifest.Options{Vars: app.Vars})
	w := wish{of: app, at: snapshot.Revision, err: err}
	if err == nil {
		w.content, w.objects = contentOf(app, set.Manifests), wantedOf(app, set.Manifests)
	}
	if ctx.Err() == nil {
		a.mu.Lock()
		a.wishes[app.Name] = w
		a.mu.Unlock()
	}
	return w
}

// wantedBy returns the name of an app of the feed that wants the object in a commit; empty if there is none.
func (a *abroad) wantedBy(ctx context.Context, id object.ID, feed string, snapshot git.Snapshot) string {
	if a == nil || snapshot.Revision.IsZero() {
		return ""
	}
	a.mu.Lock()
	apps := maps.Clone(a.apps)
	a.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(apps)) {
		if apps[name].Feed == feed && a.wish(ctx, apps[name], snapshot).objects[id] {
			return name
		}
	}
	return ""
}

// hasLetGo reports whether an app of the feed does not want the object in a commit.
func (a *abroad) hasLetGo(ctx context.Context, id object.ID, owner, feed string, snapshot git.Snapshot) bool {
	if a == nil || snapshot.Revision.IsZero() {
		return false
	}
	app, is := a.app(owner)
	if !is || app.Feed != feed {
		return false
	}
	w := a.wish(ctx, app, snapshot)
	return w.err == nil && !w.objects[id]
}

// missing says which of the apps that app depends on and that others keep is not healthy, in words; empty when all are. Of
// an app from the same repository what was healthy last has to be what the commit has for it.
func (a *abroad) missing(ctx context.Context, app App, snapshot git.Snapshot) string {
	for _, name := range app.DependsOn {
		other, is := a.app(name)
		if !is {
			continue
		}
		if at := a.standing(ctx, other, app.Feed, snapshot); at != "" {
			return fmt.Sprintf("waits for the app %q, which is %s, as another replica has put on record", name, at)
		}
	}
	return ""
}

// standing is what is on record of an app; empty when it is healthy.
func (a *abroad) standing(ctx context.Context, app App, feed string, snapshot git.Snapshot) string {
	record, err := a.record(ctx, app.Name)
	if err != nil {
		return "not known (" + err.Error() + ")"
	}
	newest, judged := record.Verdict()
	switch {
	case app.Suspend || record.Suspended:
		return string(Suspended)
	case record.Return != nil:
		return string(RolledBack)
	case !judged || len(record.Healthy) == 0:
		return string(Pending)
	case newest.State != string(Healthy):
		return newest.State
	case app.Feed != feed || snapshot.Revision.IsZero():
		return ""
	}
	switch w := a.wish(ctx, app, snapshot); {
	case w.err != nil:
		return string(Failed)
	case w.content != record.Healthy[0].Content:
		return "at another commit"
	}
	return ""
}
