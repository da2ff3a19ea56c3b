package notify_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/notify"
)

const own = "https://127.0.0.1/team/shop.git"

// told is what a commit was said to be, as "1111111 pending: being applied".
func told(t *testing.T, api *receiver) string {
	t.Helper()
	got := api.next(t)
	var body struct{ State, Description string }
	if err := json.Unmarshal([]byte(got.body), &body); err != nil {
		t.Fatal(err)
	}
	hash := got.path[strings.LastIndexByte(got.path, '/')+1:]
	return hash[:7] + " " + body.State + ": " + body.Description
}

func expect(t *testing.T, api *receiver, want ...string) {
	t.Helper()
	for _, one := range want {
		if got := told(t, api); got != one {
			t.Errorf("got  %s\nwant %s", got, one)
		}
	}
}

func none(t *testing.T, s *stage, api *receiver) {
	t.Helper()
	s.end()
	for len(api.got) > 0 {
		t.Errorf("one more: %s", told(t, api))
	}
}

func gitea(t *testing.T, api *receiver) notify.Target {
	return notify.Target{Name: "commit", Type: notify.Gitea, URL: api.URL, TokenFile: file(t, "t0ken"), Template: "{{.App}} is {{.State}}"}
}

func TestACommitThatIsOvertakenIsNotPendingAnyMore(t *testing.T) {
	api := newReceiver(t, nil)
	s := newStage(t, own, gitea(t, api))
	s.tell("web", first, begin(first)...)
	expect(t, api, "1111111 pending: web is Progressing")
	s.tell("web", second, begin(second)...)
	expect(t, api, "1111111 error: overtaken by 2222222", "2222222 pending: web is Progressing")
	s.tell("web", second, healthy(second)[4:]...)
	expect(t, api, "2222222 success: web is Healthy")
	none(t, s, api)
}

func TestACommitThatOthersFollowGetsItsVerdict(t *testing.T) {
	api := newReceiver(t, nil)
	s := newStage(t, own, gitea(t, api))
	s.tell("web", first, begin(first)...)
	expect(t, api, "1111111 pending: web is Progressing")
	s.tell("web", second, sync.Event{Step: sync.StepFetch, Same: &git.Snapshot{Revision: second}}) // it is about another app
	s.tell("web", second, healthy(second)[4:]...)
	expect(t, api, "1111111 success: web is Healthy")
	none(t, s, api)
}

func TestOfAnAppThatAnotherProcessKeepsNowOnlyVerdictsAreSent(t *testing.T) {
	var lost atomic.Bool
	began, release := make(chan struct{}), make(chan struct{})
	api := newReceiver(t, func(w http.ResponseWriter, attempt int) {
		if attempt == 1 {
			close(began)
			<-release
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	s := newStage(t, own, gitea(t, api))
	s.notifier.SetKeeps(func(app string) bool { return app != "web" || !lost.Load() })
	s.join("api", own)
	s.tell("web", first, begin(first)...)
	<-began
	s.tell("api", second, healthy(second)...)
	lost.Store(true) // while the target was out of order
	close(release)
	expect(t, api, "1111111 pending: web is Progressing") // the first attempt
	expect(t, api, "2222222 success: api is Healthy")
	s.tell("web", first, healthy(first)[4:]...)
	expect(t, api, "1111111 success: web is Healthy")
	none(t, s, api)
}

func TestWhatAnotherProcessHasLeftPendingGetsItsEnd(t *testing.T) {
	api := newReceiver(t, nil)
	s := newStage(t, own, gitea(t, api))
	way := healthy(second) // all of it was applied by the process before
	s.tell("web", second, way[0], sync.Event{Step: sync.StepLoad, Open: []git.Revision{second, first}})
	expect(t, api, "1111111 error: overtaken by 2222222")
	s.tell("web", second, way[4:]...)
	expect(t, api, "2222222 success: web is Healthy")
	none(t, s, api)
}

func TestAVerdictThatIsTheFirstOnItsCommitIsNews(t *testing.T) {
	api := newReceiver(t, nil)
	s := newStage(t, own, gitea(t, api))
	way := healthy(first)
	way[5].Record.First = true
	s.tell("web", first, way[0], way[4], way[5])
	expect(t, api, "1111111 success: web is Healthy")
	s.tell("web", first, sync.Event{Step: sync.StepSave, Record: &sync.Outcome{State: sync.Healthy}})
	none(t, s, api)
}

func TestAProviderHasAWordForWhatIsOvertaken(t *testing.T) {
	words := map[notify.Type]string{
		notify.GitHub: "error", notify.Gitea: "error", notify.GitLab: "canceled", notify.Bitbucket: "STOPPED",
		notify.BitbucketServer: "CANCELLED", notify.Azure: "notApplicable",
	}
	for _, test := range commitTests {
		api := newReceiver(t, nil)
		target := test.target
		target.Name, target.URL, target.TokenFile = "commit", api.URL+target.URL, file(t, "t0ken")
		s := newStage(t, test.repository, target)
		s.tell("web", second, begin(second)[0], sync.Event{Step: sync.StepLoad, Open: []git.Revision{first}})
		var body struct{ State, Description string }
		if err := json.Unmarshal([]byte(api.next(t).body), &body); err != nil {
			t.Fatal(err)
		}
		if body.State != words[target.Type] || body.Description != "overtaken by 2222222" {
			t.Errorf("%s: %+v", target.Type, body)
		}
		none(t, s, api)
	}
}

func TestWhatHasFailedForLongIsNotSaidAgainByTheNextDaemon(t *testing.T) {
	for name, test := range map[string]struct {
		age    time.Duration
		reason string
		again  bool
	}{
		"for long": {2 * time.Hour, "ImagePull", false}, "just now": {time.Minute, "ImagePull", true}, "of something else": {2 * time.Hour, "CrashLoop", true},
	} {
		t.Run(name, func(t *testing.T) {
			chat := newReceiver(t, nil)
			s := newStage(t, repository, slack(t, chat))
			verdict := &inventory.Record{
				Revision: "main@sha1:" + first.Hash, State: string(sync.Failed), Reason: test.reason, At: time.Now().Add(-test.age - time.Second), Duration: time.Second,
			}
			way := healthy(first) // nothing of it is written
			s.tell("web", first, way[0], sync.Event{Step: sync.StepLoad, Verdict: verdict})
			s.tell("web", first, fails("not found")...)
			if test.again {
				if got := chat.text(t); !strings.HasPrefix(got, "web is Failed: ImagePull") {
					t.Error(got)
				}
			}
			s.tell("web", second, begin(second)...)
			s.tell("web", second, way[4:]...)
			if got := chat.text(t); !strings.HasPrefix(got, "web is Healthy") {
				t.Error(got)
			}
		})
	}
}

func TestAnAppThatIsAnothersIsNotPendingAnyMore(t *testing.T) {
	release := make(chan struct{})
	busy := make(chan struct{})
	api := newReceiver(t, func(_ http.ResponseWriter, attempt int) {
		if attempt == 1 {
			close(busy)
			<-release
		}
	})
	s := newStage(t, own, gitea(t, api))
	s.join("api", own)
	s.join("db", own)
	s.tell("api", first, begin(first)...)
	<-busy
	s.tell("web", first, begin(first)...)
	s.tell("web", second, begin(second)...)
	s.tell("db", first, healthy(first)...)
	s.tell("web", second, sync.Event{Left: true}) // the lease has ended: another process says what becomes of it
	s.tell("db", first, sync.Event{Left: true})
	close(release)
	expect(t, api, "1111111 pending: api is Progressing", "1111111 error: overtaken by 2222222", "1111111 success: db is Healthy")
	none(t, s, api)
}

func TestACommitThatIsPendingGetsItsEndAlsoWhenTheTargetHasChanged(t *testing.T) {
	api := newReceiver(t, nil)
	target := gitea(t, api)
	s := newStage(t, own, target)
	s.tell("web", first, begin(first)...)
	expect(t, api, "1111111 pending: web is Progressing")
	target.Link = "https://status.example.com/"
	s.notifier.Set(target)
	s.tell("web", second, begin(second)...)
	expect(t, api, "1111111 error: overtaken by 2222222", "2222222 pending: web is Progressing")
	none(t, s, api)
}
