package notify_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/notify"
)

func TestAWebhookGetsASignedCloudEvent(t *testing.T) {
	hook := newReceiver(t, nil)
	s := newStage(t, repository, notify.Target{Name: "hook", Type: notify.Webhook, URL: hook.URL + "/in", SecretFile: file(t, "k3y")})
	s.tell("web", first, append(begin(first), fails("says c4nary")...)...)
	got := hook.next(t)
	mac := hmac.New(sha256.New, []byte("k3y"))
	mac.Write([]byte(got.body))
	if want := "sha256=" + hex.EncodeToString(mac.Sum(nil)); got.header.Get("X-Signature") != want {
		t.Errorf("signed %s, want %s", got.header.Get("X-Signature"), want)
	}
	if kind := got.header.Get("Content-Type"); !strings.HasPrefix(kind, "application/cloudevents+json") {
		t.Error(kind)
	}
	var event struct {
		SpecVersion, ID, Source, Type, Subject, Time string
		Data                                         map[string]any
	}
	if err := json.Unmarshal([]byte(got.body), &event); err != nil {
		t.Fatal(err)
	}
	if event.SpecVersion != "1.0" || event.ID == "" || event.Source != "/lockstep/apps/web" || event.Type != "dev.lockstep.app.failed" ||
		event.Subject != "web" || event.Time == "" || event.Data["commit"] != first.Hash || event.Data["reason"] != "ImagePull" ||
		event.Data["advice"] != "Correct the image's name." {
		t.Errorf("%+v", event)
	}
	if strings.Contains(got.body, "c4nary") {
		t.Error(got.body)
	}
}

func TestTeamsGetsAnAdaptiveCard(t *testing.T) {
	teams := newReceiver(t, nil)
	s := newStage(t, repository, notify.Target{
		Name: "teams", Type: notify.Teams, URLFile: file(t, teams.URL), Template: `{{.App}} {{.State}}{{if .Took}} after {{.Took}}{{end}}`,
	})
	s.tell("web", first, healthy(first)...)
	var card struct {
		Type        string
		Attachments []struct {
			ContentType string
			Content     struct {
				Type string
				Body []struct{ Type, Text, Color string }
			}
		}
	}
	if err := json.Unmarshal([]byte(teams.next(t).body), &card); err != nil {
		t.Fatal(err)
	}
	if card.Type != "message" || len(card.Attachments) != 1 || card.Attachments[0].ContentType != "application/vnd.microsoft.card.adaptive" ||
		card.Attachments[0].Content.Type != "AdaptiveCard" || card.Attachments[0].Content.Body[0].Text != "web Healthy after 500 ms" ||
		card.Attachments[0].Content.Body[0].Color != "Good" {
		t.Errorf("%+v", card)
	}
}

// verdicts are what a provider gets of two commits: that each is pending, and how it ended.
func verdicts(t *testing.T, api *receiver, target notify.Target, repository string) (paths []string, header string, bodies []map[string]any) {
	t.Helper()
	target.Name, target.URL, target.TokenFile = "commit", api.URL+target.URL, file(t, "t0ken")
	s := newStage(t, repository, target)
	s.tell("web", first, begin(first)...)
	got := []received{api.next(t)}
	s.tell("web", first, healthy(first)[1:]...)
	got = append(got, api.next(t))
	s.tell("web", second, begin(second)...)
	got = append(got, api.next(t))
	s.tell("web", second, fails(strings.Repeat("ü", 200))...)
	got = append(got, api.next(t))
	s.end()
	if len(api.got) > 0 {
		t.Errorf("one more: %s", (<-api.got).body)
	}
	for _, one := range got {
		var body map[string]any
		if err := json.Unmarshal([]byte(one.body), &body); err != nil {
			t.Fatal(err)
		}
		paths, bodies = append(paths, one.path), append(bodies, body)
	}
	return paths, got[0].header.Get("Authorization") + got[0].header.Get("Private-Token"), bodies
}

// commitTests are what each provider is to get.
var commitTests = []struct {
	target             notify.Target
	repository         string
	path, header       string
	states             []string
	name, context, url string
}{
	{
		notify.Target{Type: notify.GitHub, URL: "/api/v3"},
		"https://127.0.0.1/team/shop.git", "/api/v3/repos/team/shop/statuses/HASH?", "Bearer t0ken",
		[]string{"pending", "success", "failure"},
		"context", "lockstep/web", "target_url",
	},
	{
		notify.Target{Type: notify.Gitea},
		"https://127.0.0.1/team/shop", "/api/v1/repos/team/shop/statuses/HASH?", "token t0ken",
		[]string{"pending", "success", "failure"},
		"context", "lockstep/web", "target_url",
	},
	{
		notify.Target{Type: notify.GitLab},
		"git@127.0.0.1:group/team/shop.git", "/api/v4/projects/group%2Fteam%2Fshop/statuses/HASH?", "t0ken",
		[]string{"running", "success", "failed"},
		"name", "lockstep/web", "target_url",
	},
	{
		notify.Target{Type: notify.Bitbucket},
		"https://127.0.0.1/team/shop.git", "/2.0/repositories/team/shop/commit/HASH/statuses/build?", "Bearer t0ken",
		[]string{"INPROGRESS", "SUCCESSFUL", "FAILED"},
		"key", "lockstep/web", "url",
	},
	{
		notify.Target{Type: notify.BitbucketServer},
		"ssh://git@127.0.0.1:7999/team/shop.git", "/rest/api/latest/projects/team/repos/shop/commits/HASH/builds?", "Bearer t0ken",
		[]string{"INPROGRESS", "SUCCESSFUL", "FAILED"},
		"key", "lockstep/web", "url",
	},
	{
		notify.Target{Type: notify.Azure},
		"https://127.0.0.1/org/my%20project/_git/shop", "/org/my%20project/_apis/git/repositories/shop/commits/HASH/statuses?api-version=7.1",
		"Basic OnQwa2Vu",
		[]string{"pending", "succeeded", "failed"},
		"context", "", "targetUrl",
	},
}

func TestACommitGetsItsStatus(t *testing.T) {
	for _, test := range commitTests {
		t.Run(string(test.target.Type), func(t *testing.T) {
			paths, header, bodies := verdicts(t, newReceiver(t, nil), test.target, test.repository)
			hashes := []string{first.Hash, first.Hash, second.Hash, second.Hash}
			states := []string{test.states[0], test.states[1], test.states[0], test.states[2]}
			for i, body := range bodies {
				if want := strings.ReplaceAll(test.path, "HASH", hashes[i]); paths[i] != want {
					t.Errorf("asked %s, want %s", paths[i], want)
				}
				if body["state"] != states[i] || test.context != "" && body[test.name] != test.context || body[test.url] == "" {
					t.Errorf("%v, want %s", body, states[i])
				}
			}
			if header != test.header {
				t.Errorf("the token as %q, want %q", header, test.header)
			}
			if said := bodies[1]["description"]; said != "serving from 3 pods in 800 ms" {
				t.Errorf("a success says %q", said)
			}
			if said := bodies[3]["description"].(string); !strings.HasPrefix(said, "ImagePull: ") || len([]rune(said)) > 140 {
				t.Errorf("a failure says %q", said)
			}
		})
	}
}

func TestNoTokenGoesToAHostThatARepositoryNames(t *testing.T) {
	api := newReceiver(t, nil)
	target := notify.Target{Name: "commit", Type: notify.Gitea, URL: api.URL, TokenFile: file(t, "t0ken")}
	for _, repository := range []string{
		"https://git.example.com/team/shop.git", "https://127.0.0.1.git.example.com/team/shop", "https://127.0.0.1@git.example.com/team/shop",
		"https://ssh./team/shop", "git@:team/shop", "https://127.0.0.1//shop", "/srv/127.0.0.1/shop", "https://127.0.0.1/shop", "https://127.0.0.1/a/b/c", "https://127.0.0.1/../shop",
	} {
		s := newStage(t, repository, target)
		s.tell("web", first, healthy(first)...)
		s.end()
	}
	if len(api.got) > 0 {
		t.Errorf("%d statuses", len(api.got))
	}
}

func TestItIsToldOnceThatAHostIsNotTheProviders(t *testing.T) {
	api := newReceiver(t, nil)
	target := notify.Target{Name: "commit", Type: notify.Gitea, URL: api.URL, TokenFile: file(t, "t0ken"), Apps: []string{"web*"}}
	s := newStage(t, "https://git.example.com/team/shop.git", target, slack(t, api))
	s.join("web-eu", "https://git.example.com/team/other.git")
	s.join("api", "https://elsewhere.example.com/team/other.git")
	for _, app := range []string{"web", "web-eu", "api"} {
		s.tell(app, first, healthy(first)...)
	}
	s.end()
	told := s.logs.FilterMessage("commits get no status, as the repository is none of the provider's").All()
	if len(told) != 1 || told[0].ContextMap()["host"] != "git.example.com" || told[0].ContextMap()["target"] != "commit" {
		t.Errorf("%+v", told)
	}
}

func TestARepositoryThatCannotBeReadIsNoCommitsFault(t *testing.T) {
	api := newReceiver(t, nil)
	s := newStage(t, "https://127.0.0.1/team/shop", notify.Target{Name: "commit", Type: notify.Gitea, URL: api.URL, TokenFile: file(t, "t0ken")})
	s.tell("web", first, healthy(first)...)
	api.next(t)
	s.tell("web", first, sync.Event{Step: sync.StepFetch, Err: &sync.Error{Step: sync.StepFetch, App: "web", Err: errors.New("gone")}})
	s.end()
	for len(api.got) > 0 {
		if got := <-api.got; strings.Contains(got.body, "failure") {
			t.Error(got.body)
		}
	}
}

func TestATargetIsChecked(t *testing.T) {
	chat := notify.Target{Name: "x", Type: notify.Slack, URLFile: "f"}
	commit := notify.Target{Name: "x", Type: notify.GitHub, TokenFile: "f"}
	hook := notify.Target{Name: "x", Type: notify.Webhook, URL: "http://hook.shop.svc/in"}
	for _, right := range []notify.Target{chat, commit, hook} {
		if err := right.Check(); err != nil {
			t.Errorf("%+v: %v", right, err)
		}
	}
	with := func(t notify.Target, change func(*notify.Target)) notify.Target {
		change(&t)
		return t
	}
	for field, wrong := range map[string][]notify.Target{
		"type": {with(chat, func(t *notify.Target) { t.Type = "mail" })},
		"url": {
			with(chat, func(t *notify.Target) { t.URLFile, t.URL = "", "https://hooks.slack.com/services/c4nary" }),
			with(hook, func(t *notify.Target) { t.URL = "https://ada:c4nary@example.com" }), with(hook, func(t *notify.Target) { t.URL = "file:///c4nary" }),
			with(hook, func(t *notify.Target) { t.URL = "" }), with(commit, func(t *notify.Target) { t.URL = "http://ghe.example.com/c4nary" }),
			with(commit, func(t *notify.Target) { t.Type = notify.Gitea }),
		},
		"urlFile":    {with(hook, func(t *notify.Target) { t.URLFile = "f" }), with(commit, func(t *notify.Target) { t.URLFile = "f" })},
		"tokenFile":  {with(commit, func(t *notify.Target) { t.TokenFile = "" }), with(chat, func(t *notify.Target) { t.TokenFile = "f" })},
		"cluster":    {with(chat, func(t *notify.Target) { t.Cluster = "EU/c4nary" })},
		"caFile":     {with(hook, func(t *notify.Target) { t.CAFile = "f" })},
		"secretFile": {with(chat, func(t *notify.Target) { t.SecretFile = "f" })},
		"link":       {with(chat, func(t *notify.Target) { t.Link = "https://example.com" }), with(commit, func(t *notify.Target) { t.Link = "javascript:c4nary" })},
		"apps":       {with(chat, func(t *notify.Target) { t.Apps = []string{"[c4nary"} })},
		"on":         {with(chat, func(t *notify.Target) { t.On = []string{"failed"} })},
		"template": {
			with(hook, func(t *notify.Target) { t.Template = "{{.App}}" }), with(chat, func(t *notify.Target) { t.Template = "{{.Password}}" }),
			with(chat, func(t *notify.Target) { t.Template = "{{range 1000000000}}{{end}}" }),
			with(chat, func(t *notify.Target) { t.Template = `{{if printf "%1000000d" 1}}{{end}}` }),
			with(chat, func(t *notify.Target) { t.Template = `{{define "a"}}{{template "a"}}{{end}}{{template "a"}}` }),
			with(chat, func(t *notify.Target) { t.Template = "{{c4nary" }), with(chat, func(t *notify.Target) { t.Template = strings.Repeat("x", 5000) }),
		},
	} {
		for _, target := range wrong {
			err := target.Check()
			failed, ok := errors.AsType[*notify.FieldError](err)
			if !ok || failed.Field != field || strings.Contains(err.Error(), "c4nary") {
				t.Errorf("%+v: %v", target, err)
			}
		}
	}
}

func TestATemplateShowsTheFieldsOfTheReadme(t *testing.T) {
	var all strings.Builder
	for field := range reflect.TypeFor[notify.Fields]().Fields() {
		all.WriteString("{{." + field.Name + "}}")
	}
	target := notify.Target{Name: "x", Type: notify.Slack, URLFile: "f", Template: all.String()}
	if err := target.Check(); err != nil {
		t.Error(err)
	}
}
