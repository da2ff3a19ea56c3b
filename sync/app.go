package sync

import (
	"context"
	"time"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/apply/object"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/health/probe"
)

const (
	// DefaultInterval is how often the source is asked when nothing wakes the loop before.
	DefaultInterval = 30 * time.Second
	// DefaultTimeout is how long the gate waits for a commit to serve.
	DefaultTimeout = 5 * time.Minute
)

// App is one path of one repository, applied and gated as a unit.
type App struct {
	Name       string // a DNS label; the value of the owner label
	Repository string // for people: the URL or folder, without user info
	Feed       string // the name of the repository's [Feed] in a [Fleet]
	Set        string // what made it an app, "<repository> <pattern>"; empty when it was named itself
	Path       string // below the repository's root, "." for all of it
	Namespace  string // of objects whose manifest names none
	// ServiceAccount is whose rights apply and prune the app's objects, "namespace/name"; empty for the daemon's own.
	ServiceAccount string
	Vars           map[string]string // what ${NAME} stands for in the app's manifests
	Prune          bool              // delete what leaves the repository
	AllowPrune     int               // how many deletions the guards let pass
	Force          bool              // take fields that other field managers own, where they conflict
	DetectOnly     bool              // report drift, and leave it
	Rollback       bool              // go back to the last healthy state when a commit does not serve
	DependsOn      []string          // apps that have to be healthy before this one is applied
	Suspend        bool              // leave everything as it is
	Adopt          bool              // go on with an app of the name that was kept from another repository or path
	Timeout        time.Duration
	// Probes are what has to answer before a commit is healthy; those that name no namespace are of Namespace.
	Probes []probe.URL
	// Rules say when objects are healthy whose kinds have a way of their own to tell.
	Rules []health.Rule
}

// Source hands out the commit that is to be live.
type Source interface {
	// Fetch returns the newest commit. It must be cheap when nothing moved. With an error it may return the last good
	// commit, from which drift is still repaired; else the zero Snapshot.
	Fetch(ctx context.Context) (git.Snapshot, error)
}

// Applier makes objects so. See the methods of [apply.Applier], which is one.
type Applier interface {
	Plan(ctx context.Context, request apply.Request) (*apply.Plan, error)
	Apply(ctx context.Context, plan *apply.Plan, report func(*apply.Change)) error
	Prune(ctx context.Context, plan *apply.Plan, report func(*apply.Change)) error
	Drifted(ctx context.Context, app string, recorded map[object.ID]inventory.Entry) (drifted, known bool)
	Ended(ctx context.Context, recorded map[object.ID]inventory.Entry) map[object.ID]object.End
	Follow(app string, changed func()) (stop func())
}

// Finder finds what an app owns when that is not on record. See [apply.Finder], which is one.
type Finder interface {
	Owned(ctx context.Context, app string) (*apply.Owned, error)
}

// Gate says whether the objects serve. See [health.Gate], which is one.
type Gate interface {
	Wait(ctx context.Context, check health.Check) (*health.Report, error)
	Follow(ctx context.Context, check health.Check) error
}

// Ledger remembers what an app owns. See [inventory.Store], which is one.
type Ledger interface {
	Ensure(ctx context.Context) error
	Load(ctx context.Context, app string) (*inventory.Inventory, error)
	Save(ctx context.Context, record *inventory.Inventory) error
	Remove(ctx context.Context, app string) error
}

// Observer is told what happens, in order for each app, from one goroutine at a time for each. It must not block: whoever
// is slow keeps the latest and drops the rest.
type Observer interface {
	Observe(ctx context.Context, event Event)
}
