package status_test

import (
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
)

// on is an event of a pass about an earlier state.
func on(back sync.Back, event sync.Event) sync.Event {
	event.Back = &back
	return event
}

func TestARollbackNamesBothRevisionsUntilTheNextCommit(t *testing.T) {
	way := sync.Back{To: first, From: second, Reason: "ImagePull", Message: "not found"}
	done := way
	done.Done = true
	h := newHistory().add(first, deploy(first)...).add(second, deploy(second)[:2]...)
	rejection := sync.Event{Rejected: []git.Revision{second}}
	h.add(second, on(way, rejection), on(way, planned(apply.Configured)), on(way, applied()), on(way, report(health.Current, 3)))
	if h.app.State == sync.RolledBack {
		t.Error("rolled back before it is on record")
	}
	record := sync.Event{Step: sync.StepSave, Record: &sync.Outcome{State: sync.RolledBack}, Rejected: []git.Revision{second}}
	h.add(second, on(done, record))
	for range 2 {
		is := h.app
		want := "main@sha1:2222222 was rejected: ImagePull: not found; back on main@sha1:1111111"
		if is.State != sync.RolledBack || is.Reason != "ImagePull" || is.Message != want {
			t.Errorf("%s %s: %s", is.State, is.Reason, is.Message)
		}
		r := is.Revision
		if r.Seen != second || r.Applied != first || r.Healthy != first || len(r.Rejected) != 1 || r.Rejected[0] != second {
			t.Errorf("revisions %+v", r)
		}
		h.add(second, on(done, report(health.InProgress, 2)))
		if h.app.State != sync.Progressing {
			t.Errorf("short of a pod it is %s", h.app.State)
		}
		h.add(second, on(done, report(health.Current, 3)))
	}
	third := git.Revision{Ref: "main", Hash: strings.Repeat("3", 40)}
	h.add(third, deploy(third)...)
	if is := h.app; is.State != sync.Healthy || is.Back != nil || is.Revision.Applied != third {
		t.Errorf("after the next commit: %s on %s, back %v", is.State, is.Revision.Applied, is.Back)
	}
}
