package sync

import (
	"context"
	"time"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/health"
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
	Path       string // below the repository's root, "." for all of it
	Namespace  string // of objects whose manifest names none
	Prune      bool   // delete what leaves the repository
	Adopt      bool   // go on with an app of the name that was kept from another repository or path
	Timeout    time.Duration
}

// Source hands out the commit that is to be live.
type Source interface {
	// Fetch returns the newest commit. It must be cheap when nothing moved.
	Fetch(ctx context.Context) (git.Snapshot, error)
}

// Applier makes objects so. See the methods of [apply.Applier], which is one.
type Applier interface {
	Plan(ctx context.Context, request apply.Request) (*apply.Plan, error)
	Apply(ctx context.Context, plan *apply.Plan, report func(*apply.Change)) error
	Prune(ctx context.Context, plan *apply.Plan, report func(*apply.Change)) error
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
}

// Observer is told what happens, in order, from one goroutine at a time. It must not block: whoever is slow keeps the
// latest and drops the rest.
type Observer interface {
	Observe(ctx context.Context, event Event)
}
