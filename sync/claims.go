package sync

import (
	"context"
	"slices"
	stdsync "sync"
	"time"

	"github.com/lockstep-dev/lockstep/apply/manifest"
	"github.com/lockstep-dev/lockstep/apply/object"
	"github.com/lockstep-dev/lockstep/git"
)

// patience is how long an app that has something to prune waits for the others to read the same commit.
const patience = 30 * time.Second

// Claims are the objects that each app of a [Fleet] wants, as far as it has read. With them an object that one commit
// moves from one app to another is handed over as it is, whichever of the two comes first.
type Claims struct {
	mu   stdsync.Mutex
	apps map[string]*claim
	news chan struct{} // closed, and replaced, whenever a claim changes
}

// claim is what one app wants.
type claim struct {
	feed    string
	read    git.Revision // the commit that was read last, well or not
	objects map[object.ID]bool
	leaving bool // it wants nothing, whatever commit comes
}

// NewClaims returns Claims of no app.
func NewClaims() *Claims { return &Claims{apps: map[string]*claim{}, news: make(chan struct{})} }

// join adds an app that has read nothing yet.
func (c *Claims) join(app App) {
	c.change(func() { c.apps[app.Name] = &claim{feed: app.Feed} })
}

// resign notes that the app is leaving: nobody waits for what it says of a commit any more.
func (c *Claims) resign(app App) {
	c.change(func() { c.apps[app.Name] = &claim{feed: app.Feed, leaving: true} })
}

// leave forgets an app: it wants nothing any more.
func (c *Claims) leave(name string) {
	c.change(func() { delete(c.apps, name) })
}

// read notes that the app has come to a commit whose files for it are as they were, or cannot be read: it wants what it
// wanted before.
func (c *Claims) read(name string, at git.Revision) {
	c.change(func() {
		if known := c.apps[name]; known != nil {
			known.read = at
		}
	})
}

// wantedOf are the objects that the app wants by its manifests. Whether one without a namespace belongs to the whole cluster
// is not known here, so it is claimed both ways.
func wantedOf(app App, manifests []manifest.Manifest) map[object.ID]bool {
	wanted := make(map[object.ID]bool, len(manifests))
	for _, m := range manifests {
		id := m.ID
		wanted[id] = true
		if id.Namespace == "" {
			id.Namespace = app.Namespace
			wanted[id] = true
		}
	}
	return wanted
}

// claim notes what the app wants of a commit.
func (c *Claims) claim(app App, at git.Revision, manifests []manifest.Manifest) {
	wanted := wantedOf(app, manifests)
	c.change(func() {
		if known := c.apps[app.Name]; known != nil {
			known.read, known.objects = at, wanted
		}
	})
}

func (c *Claims) change(do func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	do()
	close(c.news)
	c.news = make(chan struct{})
}

// wantedBy returns the name of an app other than the one called except that wants the object; empty if there is none.
func (c *Claims) wantedBy(id object.ID, except string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, claim := range c.apps {
		if name != except && claim.objects[id] {
			return name
		}
	}
	return ""
}

// hasLetGo reports whether the app called owner has read one of the commits, and does not want the object any more. Of an
// app that is not in the fleet that is never known.
func (c *Claims) hasLetGo(id object.ID, owner string, commits []git.Revision) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	claim := c.apps[owner]
	return claim != nil && (claim.leaving || slices.Contains(commits, claim.read) && claim.objects != nil && !claim.objects[id])
}

// settled waits until all apps of the feed have read one of the commits that count, so that each has said what it wants;
// not for ever, as one of them may be stuck. Which commits count is asked anew whenever an app has read one: the feed may
// move on meanwhile, and nobody reads an older commit than its last.
func (c *Claims) settled(ctx context.Context, feed string, count func() []git.Revision) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		news := c.changed() // before all that is asked below, so that no change is missed
		if !c.behind(feed, count()) {
			return
		}
		select {
		case <-news:
		case <-ctx.Done():
			return
		}
	}
}

// changed returns a channel that is closed with the next change.
func (c *Claims) changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.news
}

// behind reports whether an app of the feed has last read none of the commits.
func (c *Claims) behind(feed string, commits []git.Revision) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, claim := range c.apps {
		if claim.feed == feed && !claim.leaving && !slices.Contains(commits, claim.read) {
			return true
		}
	}
	return false
}
