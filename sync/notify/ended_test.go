package notify_test

import (
	"testing"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
)

func TestACommitIsPendingNoLongerThanItsAppIsKeptInStep(t *testing.T) {
	byHand := sync.Event{Step: sync.StepSave, Record: &sync.Outcome{State: sync.Suspended}}
	for name, test := range map[string]struct {
		suspended, resumed []sync.Event
		why, again         string
	}{
		"by the config": {
			[]sync.Event{{Joined: &sync.App{Name: "web", Repository: own, Suspend: true}}},
			append([]sync.Event{{Joined: &sync.App{Name: "web", Repository: own}}}, begin(first)...),
			"left as it is, as the config says", "Progressing",
		},
		"by hand": {
			[]sync.Event{byHand, byHand},
			begin(first)[1:],
			"left as it is, as somebody has asked for by hand; lockstep resume ends that", "Syncing",
		},
	} {
		t.Run(name, func(t *testing.T) {
			api := newReceiver(t, nil)
			s := newStage(t, own, gitea(t, api))
			s.tell("web", first, begin(first)...)
			expect(t, api, "1111111 pending: web is Progressing")
			s.tell("web", first, test.suspended...)
			expect(t, api, "1111111 error: Suspended: "+test.why)
			s.tell("web", first, test.resumed...)
			expect(t, api, "1111111 pending: web is "+test.again)
			s.tell("web", first, healthy(first)[4:]...)
			expect(t, api, "1111111 success: web is Healthy")
			s.tell("web", first, test.suspended...) // which says nothing of a commit that serves
			none(t, s, api)
		})
	}
}

func TestACommitIsPendingNoLongerThanItsAppIsThere(t *testing.T) {
	api := newReceiver(t, nil)
	s := newStage(t, own, gitea(t, api))
	s.join("api", own)
	s.tell("web", first, begin(first)...)
	expect(t, api, "1111111 pending: web is Progressing")
	s.tell("api", first, begin(first)...)
	expect(t, api, "1111111 pending: api is Progressing")
	s.tell("api", first, healthy(first)[4:]...)
	expect(t, api, "1111111 success: api is Healthy")
	for _, app := range []string{"web", "api"} {
		s.tell(app, first, sync.Event{Left: true, Retired: true})
	}
	expect(t, api, "1111111 error: no verdict: the app is not kept in step any more")
	none(t, s, api)
}

func TestACommitGetsItsEndWhereItIsAlsoWhenItsAppHasMoved(t *testing.T) {
	api := newReceiver(t, nil)
	s := newStage(t, own, gitea(t, api))
	s.tell("web", first, begin(first)...)
	api.next(t)
	s.join("web", "https://127.0.0.1/team/store.git")
	s.tell("web", second, begin(second)...)
	for _, want := range []string{"/api/v1/repos/team/shop/statuses/" + first.Hash + "?", "/api/v1/repos/team/store/statuses/" + second.Hash + "?"} {
		if got := api.next(t).path; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	none(t, s, api)
}

func TestWhatAnotherProcessHasLeftPendingIsNotWhenItsAppIsLeftOrGoesOn(t *testing.T) {
	for why, next := range map[string][]sync.Event{
		"overtaken by 2222222": begin(second)[:1],
		"Suspended: left as it is, as somebody has asked for by hand; lockstep resume ends that": {
			{Step: sync.StepSave, Record: &sync.Outcome{State: sync.Suspended}},
		},
		"no verdict: the app is not kept in step any more": {{Left: true, Retired: true}},
	} {
		api := newReceiver(t, nil)
		s := newStage(t, own, gitea(t, api))
		s.tell("web", first, begin(first)[0], sync.Event{Step: sync.StepLoad, Open: []git.Revision{first}})
		revision := first
		if next[0].Snapshot != nil {
			revision = second
		}
		s.tell("web", revision, next...)
		expect(t, api, "1111111 error: "+why)
		s.end()
	}
}
