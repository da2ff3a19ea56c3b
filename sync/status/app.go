package status

import (
	"time"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/object"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/health/probe"
	"github.com/lockstep-dev/lockstep/sync"
)

// App is what one app is at.
type App struct {
	Name       string     `json:"name"`
	Repository string     `json:"repository"`
	Path       string     `json:"path"`
	Namespace  string     `json:"namespace"`
	DependsOn  []string   `json:"dependsOn,omitempty"`
	Suspended  bool       `json:"suspended,omitempty"`
	State      sync.State `json:"state"`
	Since      time.Time  `json:"since"`  // when it came into the state
	Reason     string     `json:"reason"` // one word, empty when healthy
	Message    string     `json:"message"`
	Advice     string     `json:"advice,omitempty"` // what to do about the reason, where that is known
	Revision   Revision   `json:"revision"`
	Back       *sync.Back `json:"back,omitempty"` // the earlier state that is live, or on its way, instead of the commit
	Commit     Commit     `json:"commit"`         // the one that was seen last
	Objects    Objects    `json:"objects"`
	Changes    []Change   `json:"changes"` // what the commit seen last changed, in the order of the outcomes

	Workloads []health.Workload `json:"workloads"`
	Services  []health.Service  `json:"services"`
	Problems  []health.Problem  `json:"problems"`
	Probes    []probe.Result    `json:"probes,omitempty"` // what the gate's probes came to, of the commit seen last
	Timeline  Timeline          `json:"timeline"`         // of the commit seen last
	Warnings  []string          `json:"warnings"`
	Rollout   *Rollout          `json:"rollout,omitempty"` // of what was written last; nil before anything was
	Incidents []Incident        `json:"incidents"`         // the last times that a Service was below its count, the oldest first

	planWarnings []string // those of Warnings that the last plan gave
	unreturned   string   // why there is no earlier state that the app could go back to
	held         bool     // the pass failed before the gate: the health that is still followed does not make it healthy
}

// Revision holds the commits that an app has come to, by how far.
type Revision struct {
	Seen     git.Revision   `json:"seen"`
	Applied  git.Revision   `json:"applied"`
	Healthy  git.Revision   `json:"healthy"`
	Rejected []git.Revision `json:"rejected"`
}

// Commit is what its author says of a commit.
type Commit struct {
	Author  string    `json:"author"`
	Message string    `json:"message"` // the first line
	Time    time.Time `json:"time"`
}

// Objects counts the outcomes of the commit seen last.
type Objects struct {
	Total      int `json:"total"`
	Created    int `json:"created"`
	Configured int `json:"configured"`
	Unchanged  int `json:"unchanged"`
	Pruned     int `json:"pruned"`
	Skipped    int `json:"skipped"`
}

// Change is one object's outcome.
type Change struct {
	Object object.ID     `json:"object"`
	Action apply.Action  `json:"action"`
	Fields []apply.Field `json:"fields,omitempty"`
	File   string        `json:"file,omitempty"`
	Line   int           `json:"line,omitempty"`
	Text   string        `json:"text"`            // in kubectl's words
	Drift  bool          `json:"drift,omitempty"` // not the commit's: somebody else had changed the live object
	By     []string      `json:"by,omitempty"`    // the field managers that did
}

// New returns the status of an app of which nothing has happened yet.
func New(app sync.App) App {
	return App{
		Name: app.Name, Repository: app.Repository, Path: app.Path, Namespace: app.Namespace,
		DependsOn: app.DependsOn, Suspended: app.Suspend,
		State: sync.Pending, Revision: Revision{Rejected: []git.Revision{}},
		Changes: []Change{}, Workloads: []health.Workload{}, Services: []health.Service{}, Problems: []health.Problem{},
		Timeline: Timeline{}, Warnings: []string{}, Incidents: []Incident{},
	}
}
