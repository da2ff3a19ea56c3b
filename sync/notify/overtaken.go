package notify

import (
	"crypto/rand"
	"time"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
)

// told is what a target was offered last of an app.
type told struct {
	Notice
	pending git.Revision // the commit whose status is pending; zero when there is none
}

// about returns n as a commit status, and which commit is pending after it. A commit that came since and changed nothing for the
// app has no status: what became of the app is the end of the one that is pending.
func (t told) about(n Notice) (status Notice, pending git.Revision) {
	if t.Revision == n.Revision && !t.pending.IsZero() {
		n.Revision = t.pending
	}
	if n.over() {
		return n, git.Revision{}
	}
	return n, n.Revision
}

// keepUp takes note of a commit in which the app's files are as they were: there is nothing to say of it.
func (d *desk) keepUp(app string, revision git.Revision) {
	if before, known := d.told[app]; known {
		before.Revision = revision
		d.told[app] = before
	}
}

// overtake ends the status of the commit that is pending when the app goes on with n's.
func (d *desk) overtake(n Notice) {
	before := d.told[n.App]
	if before.pending.IsZero() || n.Revision.IsZero() || before.Revision == n.Revision {
		return
	}
	d.put(n.overtakes(before.pending))
	before.pending = git.Revision{}
	d.told[n.App] = before
}

// overtakes is the end of a commit that n's was there before.
func (n Notice) overtakes(revision git.Revision) Notice {
	end := Notice{
		App: n.App, Repository: n.Repository, Path: n.Path, Namespace: n.Namespace, State: sync.Pending,
		Revision: revision, At: n.At, overtaken: true, id: rand.Text(),
	}
	end.Message = "overtaken by " + n.Revision.Hash[:min(7, len(n.Revision.Hash))]
	return end
}

// takeOver ends what another process has left pending: by what becomes of the commit that the app goes on with, and at once of
// the others.
func (n *Notifier) takeOver(is Notice, left []git.Revision) {
	if len(left) > 0 {
		n.known[is.App] = true
	}
	for _, revision := range left {
		if revision == is.Revision || is.Revision.IsZero() {
			continue
		}
		for _, d := range n.desks {
			pending := is
			pending.State, pending.Reason = sync.Progressing, ""
			if d.target.onCommit() && d.target.wants(pending) {
				d.put(is.overtakes(revision))
			}
		}
	}
}

// knew notes a verdict that another process has told, or has given up to tell, as it is of a time before the oldest notices that are
// still sent. Of a younger one nobody knows whether that process came to it.
func (n *Notifier) knew(app string, verdict *inventory.Record) {
	if verdict == nil || time.Since(verdict.At.Add(verdict.Duration)) < oldest {
		return
	}
	revision, err := git.ParseRevision(verdict.Revision)
	if err != nil {
		return
	}
	for _, d := range n.desks {
		if _, known := d.told[app]; !known {
			d.told[app] = told{Notice: Notice{App: app, State: sync.State(verdict.State), Reason: verdict.Reason, Revision: revision}}
		}
	}
}
