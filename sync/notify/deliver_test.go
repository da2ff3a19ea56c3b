package notify_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/sync/notify"
)

// answering answers each request with a code and a text.
func answering(code int, text string) func(http.ResponseWriter, int) {
	return func(w http.ResponseWriter, _ int) {
		w.WriteHeader(code)
		_, _ = w.Write([]byte(text))
	}
}

// refused is what the log says of a target that does not take what it gets.
func (s *stage) refused() string {
	return fmt.Sprint(s.waitForLog("a notification is not sent").ContextMap())
}

func TestWhatOneAppIsRefusedForHoldsUpNoOther(t *testing.T) {
	release := make(chan struct{})
	chat := newReceiver(t, func(w http.ResponseWriter, attempt int) {
		if attempt == 1 {
			<-release
		}
		w.WriteHeader([]int{http.StatusInternalServerError, http.StatusOK}[min(attempt-1, 1)])
	})
	s := newStage(t, repository, slack(t, chat))
	s.join("api", repository)
	s.tell("web", first, healthy(first)...)
	s.tell("api", first, healthy(first)...)
	close(release)
	for _, app := range []string{"web", "api", "web"} {
		if got := chat.text(t); !strings.HasPrefix(got, app+" is ") {
			t.Errorf("got %s, want what is said of %s", got, app)
		}
	}
}

func TestAPauseForOneAppIsNoneForAnother(t *testing.T) {
	chat := newReceiver(t, func(w http.ResponseWriter, attempt int) {
		w.WriteHeader([]int{http.StatusInternalServerError, http.StatusOK}[min(attempt-1, 1)])
	})
	s := newStage(t, repository)
	s.notifier.Linger()
	s.notifier.Set(slack(t, chat))
	s.join("api", repository)
	s.tell("web", first, healthy(first)...)
	chat.next(t)
	s.waitForLog("a notification is not sent")
	s.tell("api", first, healthy(first)...)
	if got := chat.text(t) + chat.text(t); !strings.Contains(got, "web is ") || !strings.Contains(got, "api is ") {
		t.Error(got)
	}
}

func TestWhatIsTooOldIsDroppedAtOnceAndToldOnce(t *testing.T) {
	release := make(chan struct{})
	chat := newReceiver(t, func(w http.ResponseWriter, _ int) {
		<-release
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	s := newStage(t, repository, slack(t, chat))
	s.now = time.Now().Add(-2 * time.Hour)
	for i := range 50 {
		app := fmt.Sprint("web-", i)
		s.join(app, repository)
		s.tell(app, first, healthy(first)...)
	}
	close(release)
	chat.next(t)
	dropped := s.waitForLog("notifications are dropped, as they are too old").ContextMap()["notifications"]
	s.end()
	if counted := s.notifier.Counts()["chat"]["dropped"]; dropped != int64(50) || counted != 50 || len(chat.got) > 0 {
		t.Errorf("%v are dropped, %d counted, and %d requests more were made", dropped, counted, len(chat.got))
	}
}

func TestATargetThatHangsIsNotAskedTwiceAtTheEnd(t *testing.T) {
	asked := make(chan struct{}, 10)
	release := make(chan struct{})
	chat := newReceiver(t, func(http.ResponseWriter, int) {
		asked <- struct{}{}
		<-release
	})
	s := newStage(t, repository, slack(t, chat))
	s.tell("web", first, healthy(first)...)
	<-asked
	s.end()
	close(release)
	if len(asked) > 0 {
		t.Error("it was asked again, and so has held up the end for twice as long")
	}
}

func TestATokenThatIsRefusedMayBeRotated(t *testing.T) {
	var target notify.Target
	api := newReceiver(t, func(w http.ResponseWriter, attempt int) {
		if attempt == 1 {
			w.WriteHeader(http.StatusUnauthorized)
			write(t, target.TokenFile, "n3w")
		}
	})
	target = gitea(t, api)
	s := newStage(t, own, target)
	s.tell("web", first, begin(first)...)
	api.next(t)
	if got := api.next(t).header.Get("Authorization"); got != "token n3w" {
		t.Errorf("then it came with %q", got)
	}
}

func TestAPageToSignInAtIsNoSuccess(t *testing.T) {
	for _, code := range []int{http.StatusNonAuthoritativeInfo, http.StatusFound} {
		api := newReceiver(t, answering(code, "<html>"))
		target := gitea(t, api)
		target.Type = notify.Azure
		s := newStage(t, "https://127.0.0.1/org/project/_git/shop", target)
		s.tell("web", first, begin(first)...)
		api.next(t)
		api.next(t) // it is tried again
		if text := s.refused(); !strings.Contains(text, "the token is refused") {
			t.Errorf("%d: %s", code, text)
		}
	}
}

func TestTheLimitsOfGitHubAreNoRefusal(t *testing.T) {
	for header, text := range map[string]string{
		"": `{"message": "You have exceeded a secondary rate limit. Please wait."}`, "X-RateLimit-Remaining": "{}", "Retry-After": "{}",
	} {
		answer := &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}}
		if answer.Header.Set(header, "0"); header == "" {
			answer.Header = http.Header{}
		}
		if pause, again := notify.Judge(notify.GitHub, answer, text); !again || pause < time.Minute {
			t.Errorf("%s %s: again %v after %s", header, text, again, pause)
		}
	}
	answer := &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}}
	if _, again := notify.Judge(notify.GitHub, answer, `{"message": "Resource not accessible by personal access token"}`); again {
		t.Error("a token without the right is tried again")
	}
}

func TestGitLabIsNotToldOfAsBrokenWhereACommitIsPendingAlready(t *testing.T) {
	api := newReceiver(t, answering(http.StatusBadRequest,
		`{"message":"Cannot transition status via :run from :running (Reason(s): Status cannot transition via \"run\")"}`))
	target := gitea(t, api)
	target.Type = notify.GitLab
	s := newStage(t, own, target)
	s.tell("web", first, begin(first)...)
	api.next(t)
	s.end()
	if s.logs.Len() > 0 {
		t.Errorf("%+v", s.logs.All())
	}
}

func TestWhatATargetSaysOfARefusalIsTold(t *testing.T) {
	for said, want := range map[string]string{
		`{"message":"No commit found for SHA: 1111111"}`: `answered 422 Unprocessable Entity: {"message":"No commit found for SHA: 1111111"}`,
		"<html><body>no":                  "answered 422 Unprocessable Entity",
		"":                                "answered 422 Unprocessable Entity",
		"one\n\x1b[31mtwo\u202e\x00":      "answered 422 Unprocessable Entity: one [31mtwo",
		strings.Repeat("ä", 1000):         "answered 422 Unprocessable Entity: " + strings.Repeat("ä", 98) + "…",
		strings.Repeat("\xff", 100<<10):   "answered 422 Unprocessable Entity",
		"token t0ken, and dG9rZW4= of it": "answered 422 Unprocessable Entity: token ***, and dG9rZW4= of it",
	} {
		api := newReceiver(t, answering(http.StatusUnprocessableEntity, said))
		s := newStage(t, own, gitea(t, api))
		s.tell("web", first, begin(first)...)
		if got := s.waitForLog("a notification is not sent").ContextMap()["error"]; got != want {
			t.Errorf("%.40q: got  %q\nwant %q", said, got, want)
		}
	}
}

func TestATargetThatEchoesItsSecretsPutsThemIntoNoLog(t *testing.T) {
	for name, answer := range map[string]func(w http.ResponseWriter, _ int){
		"the body": answering(http.StatusBadRequest, "no /services/T0/c4naryS3cr3t, no c4naryS3cr3t"),
		"a Location that is none": func(w http.ResponseWriter, _ int) {
			w.Header()["Location"] = []string{"%zz/c4naryS3cr3t"}
			w.WriteHeader(http.StatusFound)
		},
	} {
		chat := newReceiver(t, answer)
		target := slack(t, chat)
		write(t, target.URLFile, chat.URL+"/services/T0/c4naryS3cr3t")
		s := newStage(t, repository, target)
		s.tell("web", first, healthy(first)...)
		if text := s.refused(); strings.Contains(text, "c4nary") || !strings.Contains(text, "***") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

func TestASecretThatIsNoFileHoldsNobodyUp(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{pipe, t.TempDir(), os.DevNull, pipe + "-missing"} {
		s := newStage(t, repository, notify.Target{Name: "chat", Type: notify.Slack, URLFile: name})
		s.tell("web", first, healthy(first)...)
		if text := s.refused(); !strings.Contains(text, name) {
			t.Error(text)
		}
		s.end()
	}
}

func TestAQueueThatIsFullIsToldOnce(t *testing.T) {
	release := make(chan struct{})
	busy := make(chan struct{}, 1)
	chat := newReceiver(t, func(http.ResponseWriter, int) {
		busy <- struct{}{}
		<-release
	})
	t.Cleanup(func() { close(release) })
	s := newStage(t, repository, slack(t, chat))
	for i := range 3100 {
		app := fmt.Sprint("web-", i)
		s.join(app, repository)
		s.tell(app, first, healthy(first)...)
	}
	<-busy
	if told := s.logs.FilterMessage("notifications are dropped, the oldest first, as too many wait").Len(); told != 1 {
		t.Errorf("told %d times", told)
	}
	if dropped := s.notifier.Counts()["chat"]["dropped"]; dropped != 100 {
		t.Errorf("%d are counted as dropped", dropped)
	}
}
