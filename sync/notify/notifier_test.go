package notify_test

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/notify"
)

const repository = "https://git.example.com/team/shop.git"

func slack(t *testing.T, r *receiver) notify.Target {
	return notify.Target{Name: "chat", Type: notify.Slack, URLFile: file(t, r.URL+"/services/c4nary")}
}

func TestAChatIsToldTheVerdictsAndNothingTwice(t *testing.T) {
	chat := newReceiver(t, nil)
	s := newStage(t, repository, slack(t, chat))
	s.tell("web", first, healthy(first)...)
	if got, want := chat.text(t), "web is Healthy: serving from 3 pods in 500 ms (main@sha1:1111111, Ada: Scale &lt;to&gt; three)"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	s.tell("web", first, healthy(first)[1:]...) // drift was set back
	s.tell("web", second, begin(second)...)
	for range 3 {
		s.tell("web", second, fails("not found")...)
	}
	want := "web is Failed: ImagePull: not found (main@sha1:2222222, Ada: Scale &lt;to&gt; three)\nCorrect the image's name."
	if got := chat.text(t); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	s.tell("web", second, sync.Event{Left: true})
	s.end()
	if len(chat.got) > 0 {
		t.Errorf("%d messages more", len(chat.got))
	}
}

func TestWhatIsFoundHealthyIsNoNews(t *testing.T) {
	chat := newReceiver(t, nil)
	s := newStage(t, repository, slack(t, chat))
	events := healthy(first)
	s.tell("web", first, events[0], events[4], events[5]) // nothing was written
	s.tell("web", second, sync.Event{Step: sync.StepFetch, Same: &git.Snapshot{Revision: second}})
	s.tell("web", second, healthy(second)[1:]...) // drift is set back, at a commit that is about other apps
	s.end()
	if len(chat.got) > 0 {
		t.Errorf("told of %s", chat.text(t))
	}
}

func TestATargetThatIsSlowHoldsUpNobodyAndGetsTheLatest(t *testing.T) {
	release := make(chan struct{})
	slow := newReceiver(t, func(_ http.ResponseWriter, attempt int) {
		if attempt == 1 {
			<-release
		}
	})
	quick := newReceiver(t, nil)
	other := slack(t, quick)
	other.Name = "other"
	s := newStage(t, repository, slack(t, slow), other)
	s.join("api", repository)
	for i := range 5 {
		at := git.Revision{Ref: "main", Hash: strings.Repeat(fmt.Sprint(i), 40)}
		s.tell("web", at, healthy(at)...)
		if got := quick.text(t); !strings.Contains(got, at.String()) {
			t.Fatalf("the other target got %s", got)
		}
	}
	close(release)
	if got := slow.text(t); !strings.Contains(got, "0000000") {
		t.Errorf("first %s", got)
	}
	if got := slow.text(t); !strings.Contains(got, "4444444") {
		t.Errorf("then %s", got)
	}
}

func TestATargetThatIsDownIsAskedAgainWithTheSameMessage(t *testing.T) {
	hook := newReceiver(t, func(w http.ResponseWriter, attempt int) {
		w.WriteHeader([]int{http.StatusServiceUnavailable, http.StatusTooManyRequests, http.StatusOK}[min(attempt-1, 2)])
	})
	s := newStage(t, repository, notify.Target{Name: "hook", Type: notify.Webhook, URL: hook.URL})
	s.tell("web", first, healthy(first)...)
	bodies := []string{hook.next(t).body, hook.next(t).body, hook.next(t).body}
	if bodies[0] != bodies[1] || bodies[1] != bodies[2] || bodies[0] == "" {
		t.Errorf("three attempts with %q", bodies)
	}
	s.end()
	if n := s.logs.FilterMessage("a notification is not sent").Len(); n != 1 || len(hook.got) > 0 {
		t.Errorf("told %d times, %d more messages", n, len(hook.got))
	}
}

func TestARedirectIsNotFollowedAndNoSecretIsLogged(t *testing.T) {
	elsewhere := newReceiver(t, nil)
	chat := newReceiver(t, func(w http.ResponseWriter, _ int) {
		w.Header().Set("Location", elsewhere.URL+"/c4nary")
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	s := newStage(t, repository, slack(t, chat))
	s.tell("web", first, healthy(first)...)
	chat.next(t)
	entry := s.waitForLog("a notification is not sent")
	if text := fmt.Sprint(entry.ContextMap()); strings.Contains(text, "c4nary") || !strings.Contains(text, "redirects are not followed") {
		t.Error(text)
	}
	if len(elsewhere.got) > 0 {
		t.Error("the redirect was followed")
	}
}

func TestATargetThatIsNotThereIsToldOfWithoutItsURL(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	s := newStage(t, repository, notify.Target{Name: "chat", Type: notify.Slack, URLFile: file(t, gone.URL+"/services/c4nary")})
	s.tell("web", first, healthy(first)...)
	if text := fmt.Sprint(s.waitForLog("a notification is not sent").ContextMap()); strings.Contains(text, "c4nary") || !strings.Contains(text, "refused") {
		t.Error(text)
	}
}

func TestWhatWaitsIsSentBeforeTheEnd(t *testing.T) {
	busy := make(chan struct{})
	chat := newReceiver(t, func(_ http.ResponseWriter, attempt int) {
		if attempt == 1 {
			close(busy)
			time.Sleep(time.Millisecond)
		}
	})
	s := newStage(t, repository, slack(t, chat))
	s.join("api", repository)
	s.tell("web", first, healthy(first)...)
	<-busy
	s.tell("api", second, healthy(second)...)
	s.end()
	seen := ""
	for range len(chat.got) {
		seen += chat.text(t)
	}
	if !strings.Contains(seen, "api is Healthy") {
		t.Errorf("only %s", seen)
	}
}

func TestASecretIsReadForEachMessage(t *testing.T) {
	before, after := newReceiver(t, nil), newReceiver(t, nil)
	target := slack(t, before)
	s := newStage(t, repository, target)
	s.tell("web", first, healthy(first)...)
	before.next(t)
	write(t, target.URLFile, after.URL)
	s.tell("web", second, healthy(second)...)
	after.next(t)
}

func TestATargetsFiltersCount(t *testing.T) {
	chat := newReceiver(t, nil)
	target := slack(t, chat)
	target.Apps, target.On = []string{"web-*"}, []string{"Blocked", "ImagePull"}
	s := newStage(t, repository, target)
	s.join("web-eu", repository)
	s.tell("web", first, append(begin(first), fails("not found")...)...)
	s.tell("web-eu", first, healthy(first)...)
	s.tell("web-eu", second, append(begin(second), fails("not found")...)...)
	s.end()
	last := ""
	for begin := true; begin || len(chat.got) > 0; begin = false { // the reason may be told before the verdict with it
		if last = chat.text(t); !strings.HasPrefix(last, "web-eu is ") {
			t.Error(last)
		}
	}
	if !strings.Contains(last, " is Failed: ImagePull") {
		t.Error(last)
	}
}

func TestTargetsComeAndGoWithTheConfig(t *testing.T) {
	one, two := newReceiver(t, nil), newReceiver(t, nil)
	s := newStage(t, repository, slack(t, one))
	s.tell("web", first, healthy(first)...)
	one.next(t)
	s.notifier.Set(slack(t, two))
	s.tell("web", second, healthy(second)...)
	two.next(t)
	s.end()
	if len(one.got) > 0 {
		t.Error("a target that has left is told")
	}
}

func TestATargetThatIsCorrectedGetsWhatWaits(t *testing.T) {
	wrong := newReceiver(t, func(w http.ResponseWriter, _ int) { w.WriteHeader(http.StatusServiceUnavailable) })
	right := newReceiver(t, nil)
	s := newStage(t, repository, slack(t, wrong))
	s.join("api", repository)
	s.tell("web", first, healthy(first)...)
	s.tell("api", first, healthy(first)...)
	wrong.next(t)
	s.notifier.Set(slack(t, right))
	if got := right.text(t) + right.text(t); strings.Count(got, "web is Healthy") != 1 || strings.Count(got, "api is Healthy") != 1 {
		t.Error(got)
	}
	s.end()
	if len(right.got) > 0 {
		t.Error("told twice")
	}
}

func TestATargetThatWorksAgainIsToldOf(t *testing.T) {
	hook := newReceiver(t, func(w http.ResponseWriter, attempt int) {
		w.WriteHeader([]int{http.StatusServiceUnavailable, http.StatusOK}[min(attempt-1, 1)])
	})
	s := newStage(t, repository, notify.Target{Name: "hook", Type: notify.Webhook, URL: hook.URL})
	s.tell("web", first, healthy(first)...)
	if entry := s.waitForLog("notifications are sent again"); entry.ContextMap()["target"] != "hook" {
		t.Errorf("%+v", entry)
	}
}

func TestATargetIsLeftAloneForAsLongAsItAsks(t *testing.T) {
	pauses := notify.Pauses(0, time.Minute, time.Hour, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	if pauses[0] < time.Second || pauses[1] < time.Minute || pauses[2] != 15*time.Minute || pauses[11] < 5*time.Minute || pauses[11] > 6*time.Minute {
		t.Error(pauses)
	}
	for text, want := range map[string]time.Duration{"30": 30 * time.Second, "": 0, "soon": 0, "-1": 0, "999999999999": 15 * time.Minute} {
		if got := notify.RetryAfter(http.Header{"Retry-After": {text}}); got != want {
			t.Errorf("%q is %s", text, got)
		}
	}
	at := time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
	if got := notify.RetryAfter(http.Header{"Retry-After": {at}}); got < 59*time.Minute || got > time.Hour {
		t.Errorf("%s is %s", at, got)
	}
}

func TestAQueueIsBounded(t *testing.T) {
	if waiting := notify.Fill(5000); waiting != 3000 {
		t.Errorf("%d wait", waiting)
	}
}

func TestAForgeOfOnesOwnAuthorityIsTrustedByItsCertificate(t *testing.T) {
	api := newReceiver(t, nil)
	secure := httptest.NewTLSServer(api.Config.Handler)
	t.Cleanup(secure.Close)
	target := notify.Target{Name: "commit", Type: notify.Gitea, URL: secure.URL, TokenFile: file(t, "t0ken")}
	s := newStage(t, "https://127.0.0.1/team/shop.git", target)
	s.tell("web", first, healthy(first)...)
	if text := fmt.Sprint(s.waitForLog("a notification is not sent").ContextMap()); !strings.Contains(text, "unknown authority") || len(api.got) > 0 {
		t.Errorf("an authority that nobody has named: %s", text)
	}
	target.CAFile = file(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})))
	s.notifier.Set(target)
	s.tell("web", second, healthy(second)...)
	if got := api.next(t); got.header.Get("Authorization") != "token t0ken" {
		t.Errorf("%+v", got)
	}
}
