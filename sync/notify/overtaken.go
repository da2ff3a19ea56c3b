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

// settle ends the status of the commit that is pending when the app goes on with n's, or is left as it is: the commit is pending
// again once that is over.
func (d *desk) settle(n Notice) {
	before := d.told[n.App]
	switch {
	case before.pending.IsZero():
	case !n.Revision.IsZero() && before.Revision != n.Revision:
		d.end(n.App, n.overtakes(), n.At)
	case n.State == sync.Suspended:
		d.end(n.App, n.summary(), n.At)
		rests := d.told[n.App]
		rests.State = n.State
		d.told[n.App] = rests
	}
}

// end says of the commit that is pending, if one is, why it gets no verdict: where it is, whatever the app is about by now.
func (d *desk) end(app, why string, at time.Time) {
	before := d.told[app]
	if before.pending.IsZero() {
		return
	}
	d.put(before.endOf(before.pending, why, at))
	before.pending = git.Revision{}
	d.told[app] = before
}

// endOf is the last that is said of a commit of n's app that gets no verdict.
func (n Notice) endOf(revision git.Revision, why string, at time.Time) Notice {
	return Notice{
		App: n.App, Repository: n.Repository, Path: n.Path, Namespace: n.Namespace, State: sync.Pending,
		Revision: revision, Message: why, At: at, ended: true, id: rand.Text(),
	}
}

// overtakes is why a commit before n's gets no verdict.
func (n Notice) overtakes() string {
	return "overtaken by " + n.Revision.Hash[:min(7, len(n.Revision.Hash))]
}

// takeOver ends what another process has left pending: by what becomes of the commit that the app goes on with, and at once of
// the others.
func (n *Notifier) takeOver(is Notice, left []git.Revision) {
	if len(left) == 0 {
		return
	}
	n.known[is.App] = true
	if is.Revision.IsZero() {
		return // nobody knows what they were left for
	}
	is.State, is.Reason = sync.Progressing, ""
	for _, d := range n.desks {
		if d.target.onCommit() && d.target.wants(is) {
			d.takeOver(is, left)
		}
	}
}

func (d *desk) takeOver(is Notice, left []git.Revision) {
	for _, revision := range left {
		if revision != is.Revision {
			d.put(is.endOf(revision, is.overtakes(), is.At))
		} else if _, known := d.told[is.App]; !known {
			d.told[is.App] = told{Notice: is, pending: revision}
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
