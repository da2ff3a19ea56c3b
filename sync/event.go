package sync

import (
	"time"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/health"
)

// State is what an app is at, in one word.
type State string

// The states of an app.
const (
	Pending     State = "Pending"     // no pass has begun
	Syncing     State = "Syncing"     // a commit is being applied
	Progressing State = "Progressing" // it is applied and does not serve yet, or not fully any more
	Healthy     State = "Healthy"     // it serves from exactly the pods that it should
	RolledBack  State = "RolledBack"  // an earlier commit serves again, and the newest is held back
	Failed      State = "Failed"      // it could not be read or applied, or does not serve
	Blocked     State = "Blocked"     // a guard refused it; somebody has to say what was meant
	Suspended   State = "Suspended"   // it was asked to be left as it is
)

// Step is a part of a pass.
type Step string

// The steps of a pass, in their order.
const (
	StepFetch Step = "fetch"
	StepRead  Step = "read"
	StepLoad  Step = "load"
	StepPlan  Step = "plan"
	StepApply Step = "apply"
	StepGate  Step = "gate"
	StepPrune Step = "prune"
	StepSave  Step = "save"
)

// Event is one thing that happened to an app. Apart from the first four fields only those are set that belong to the
// step.
type Event struct {
	App      string
	At       time.Time
	Step     Step
	Revision git.Revision // the pass's; zero before the first fetch

	Joined   *App           // the app is looked after from now on; no step
	Left     bool           // the app is not looked after any more; no step
	Retired  bool           // with Left: by nobody, as it has left the config or the repository
	Waits    string         // the app has something to do, and waits: for what; no step
	Snapshot *git.Snapshot  // StepFetch: a revision that no pass has seen before
	Same     *git.Snapshot  // StepFetch: a revision in which the files of a healthy app are as they were
	Open     []git.Revision // StepLoad: commits that another process has begun with and left without a verdict, newest first
	// Verdict is the last that is on record when a process begins with the app, where that is not healthy; with StepLoad.
	Verdict *inventory.Record
	Plan    *apply.Plan    // StepPlan: what would be done, before it is
	Change  *apply.Change  // StepApply, StepPrune: one object's outcome
	Applied *apply.Plan    // StepApply: all of its objects are written
	Report  *health.Report // StepGate: the health, whenever it changed, after the gate as well
	Record  *Outcome       // StepSave: the pass is over and on record
	Err     *Error         // the pass is over, at this step

	// Back is the earlier state that the pass is about instead of the revision's, with every event of it.
	Back      *Back
	Rejection *inventory.Rejection // StepGate: the revision did not serve, and what Back says is about to be applied
	Rejected  []git.Revision       // with Record, Err and Rejection: the commits that were taken back, the newest first
}
