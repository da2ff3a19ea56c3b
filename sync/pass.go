package sync

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	stdsync "sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/apply/manifest"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/health"
)

// Outcome is what a pass came to.
type Outcome struct {
	Revision git.Revision
	State    State
	Plan     *apply.Plan    // as applied; nil when no pass has come that far
	Report   *health.Report // the gate's last
	Snapshot git.Snapshot
	// Moved reports whether anything was written or a revision seen that no pass of this process saw before.
	Moved bool
}

// Objects are the app's live objects, for the watch over its health.
func (o Outcome) Objects() []*unstructured.Unstructured {
	if o.Plan == nil {
		return nil
	}
	objects := make([]*unstructured.Unstructured, 0, len(o.Plan.Changes))
	for _, c := range o.Plan.Changes {
		if c.Live != nil {
			objects = append(objects, c.Live)
		}
	}
	return objects
}

// pass is one call of Reconcile under way.
type pass struct {
	*Reconciler
	outcome Outcome
	plan    *apply.Plan
	record  *inventory.Inventory
	began   time.Time
	telling stdsync.Mutex // changes are reported from several goroutines, observers are told from one at a time
}

func (p *pass) tell(ctx context.Context, event Event) {
	p.telling.Lock()
	defer p.telling.Unlock()
	event.App, event.At, event.Revision = p.App.Name, time.Now(), p.outcome.Revision
	p.Observer.Observe(ctx, event)
}

// saw notes the commit that this pass is about.
func (p *pass) saw(ctx context.Context, snapshot git.Snapshot) {
	p.began = time.Now()
	p.outcome.Revision, p.outcome.Snapshot = snapshot.Revision, snapshot
	if snapshot.Revision != p.last.Revision {
		p.outcome.Moved = true
		p.tell(ctx, Event{Step: StepFetch, Snapshot: &snapshot})
	}
}

// ErrNoManifests says that the app's path has nothing to apply.
var ErrNoManifests = errors.New("no manifests (*.yaml, *.yml, *.json) below the path")

// read returns the commit's manifests. A path without any is an error, not a wish to delete everything.
func (p *pass) read(ctx context.Context, snapshot git.Snapshot) ([]manifest.Manifest, error) {
	files, err := snapshot.Files(p.App.Path)
	if err != nil {
		return nil, err
	}
	set, err := manifest.Read(ctx, files)
	if err == nil && len(set.Manifests) == 0 {
		err = fmt.Errorf("%w %q", ErrNoManifests, p.App.Path)
	}
	return fromRoot(p.App.Path, set.Manifests, err)
}

// fromRoot makes the files of manifests, and those of the errors in err, paths from the repository's root: what an editor
// opens there.
func fromRoot(folder string, manifests []manifest.Manifest, err error) ([]manifest.Manifest, error) {
	for i := range manifests {
		manifests[i].File = path.Join(folder, manifests[i].File)
	}
	problems, ok := errors.AsType[manifest.Errors](err)
	if !ok {
		return manifests, err
	}
	moved := slices.Clone(problems)
	for i := range moved {
		moved[i].File = path.Join(folder, moved[i].File)
	}
	return manifests, moved
}

func (p *pass) request(manifests []manifest.Manifest) apply.Request {
	return apply.Request{
		App: p.App.Name, Namespace: p.App.Namespace, Manifests: manifests,
		Recorded: p.record.Entries, Prune: p.App.Prune,
	}
}

func (p *pass) planned(ctx context.Context, plan *apply.Plan) {
	p.plan, p.outcome.Plan = plan, plan
	p.outcome.Moved = p.outcome.Moved || plan.Writes() > 0
	p.tell(ctx, Event{Step: StepPlan, Plan: plan})
}

func (p *pass) changed(ctx context.Context, step Step) func(*apply.Change) {
	return func(c *apply.Change) { p.tell(ctx, Event{Step: step, Change: c}) }
}

// failed ends the pass at a step.
func (p *pass) failed(ctx context.Context, step Step, err error) (Outcome, error) {
	if step == StepRead && p.record == nil {
		p.record, _ = p.Ledger.Load(ctx, p.App.Name) // only to say how much is kept
	}
	wrapped := p.wrap(step, err)
	p.outcome.State = wrapped.State()
	if ended := ctx.Err() != nil || errors.Is(err, ErrSuperseded); !ended {
		p.tell(ctx, Event{Step: step, Err: wrapped})
	}
	p.last = p.outcome
	return p.outcome, wrapped
}

func (p *pass) wrap(step Step, err error) *Error {
	wrapped := &Error{Step: step, App: p.App.Name, Err: err}
	if step != StepFetch {
		wrapped.Revision = p.outcome.Revision
	}
	if step == StepRead || step == StepPlan {
		wrapped.Kept, wrapped.At = p.kept()
	}
	return wrapped
}

// done ends the pass.
func (p *pass) done(ctx context.Context) (Outcome, error) {
	p.outcome.State = Healthy
	p.last = p.outcome
	outcome := p.outcome
	p.tell(ctx, Event{Step: StepSave, Record: &outcome})
	return outcome, nil
}
