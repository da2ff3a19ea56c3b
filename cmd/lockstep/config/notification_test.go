package config

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/sync/notify"
)

// notified parses a config with the entries below its notifications.
func notified(t *testing.T, entries string) *Config {
	t.Helper()
	c, err := Parse("/etc/lockstep/config.yaml", fmt.Appendf(nil, minimum+"notifications:\n%s", "", "", entries))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNotificationsAreRead(t *testing.T) {
	c := notified(t, `- name: ops
  type: slack
  urlFile: secrets/slack
  apps: ["web-*", api]
  cluster: eu
  on: [Failed, ImagePull]
  template: "{{.App}}: {{.State}}"
- {name: commit, type: gitea, url: "https://git.example.com", tokenFile: /run/token, caFile: ca.crt, link: "https://status.example.com/"}
- {name: hook, type: webhook, url: "http://hook.shop.svc/in", secretFile: key}
`)
	want := []Notification{
		{Line: 11, Target: notify.Target{
			Name: "ops", Type: notify.Slack, URLFile: "/etc/lockstep/secrets/slack", Apps: []string{"web-*", "api"}, Cluster: "eu",
			On: []string{"Failed", "ImagePull"}, Template: "{{.App}}: {{.State}}",
		}},
		{Line: 18, Target: notify.Target{
			Name: "commit", Type: notify.Gitea, URL: "https://git.example.com", TokenFile: "/run/token", CAFile: "/etc/lockstep/ca.crt", Link: "https://status.example.com/",
		}},
		{Line: 19, Target: notify.Target{Name: "hook", Type: notify.Webhook, URL: "http://hook.shop.svc/in", SecretFile: "/etc/lockstep/key"}},
	}
	if len(c.Problems) > 0 || !reflect.DeepEqual(c.Notifications, want) {
		t.Errorf("%v\n%+v", c.Problems, c.Notifications)
	}
}

func TestANotificationThatIsWrongStopsItselfAlone(t *testing.T) {
	for entry, want := range map[string]string{
		"{name: a, type: mail}": `:11: notification "a": type: not known "mail"`,
		"{name: a, type: slack, url: \"https://hooks.slack.com/services/c4nary\"}": `:11: notification "a": url: is a secret`,
		"{name: a, type: slack, urlFile: f, token: c4nary}":                        `:11: notification "a": unknown field "token"`,
		"{name: a, type: github}":                                                  `:11: notification "a": tokenFile: missing`,
		"{name: a, type: slack, urlFile: f, cluster: E U}":                         `:11: notification "a": cluster: want lower case`,
		"{name: a, type: slack, urlFile: f, on: [Failed, Faild]}":                  `:11: notification "a": on: "Faild" is no state and no reason`,
		"{type: slack, urlFile: f}":                                                `:11: notification 1: name: missing`,
		"{name: a, type: slack, urlFile: \"\"}":                                    `:11: notification "a": url: missing`,
		"{name: a, type: slack, urlFile: f, apps: web}":                            `:11: notification "a": apps: want a list of texts`,
		"{name: a, type: slack, urlFile: f, on: [1]}":                              `:11: notification "a": on: want a text`,
		"{name: a, type: slack, urlFile: f, template: \"{{.X}}\"}":                 `:11: notification "a": template: cannot be filled in`,
		"{name: ops, type: slack, urlFile: f}":                                     `notification "ops": name: the same as on line`,
	} {
		c := notified(t, "- "+entry+"\n- {name: ops, type: slack, urlFile: f}\n")
		if len(c.Problems) == 0 || !strings.Contains(c.Problems[0].Error(), want) || strings.Contains(fmt.Sprint(c.Problems), "c4nary") {
			t.Errorf("%s: %v", entry, c.Problems)
		}
		if len(c.Apps) != 1 || len(c.Refused) > 0 || len(c.Notifications) > 1 {
			t.Errorf("%s: %+v", entry, c)
		}
	}
}

func TestTheReadmeHasEveryKeyOfANotification(t *testing.T) {
	rows := table(t, "#### Keys of a notification")
	sameKeys(t, rows, new(Notification).fields("."))
	required(t, rows, "caFile", "cluster", "link", "name", "secretFile", "template", "tokenFile", "type", "url", "urlFile")
}

func TestTheReadmeNamesEveryTypeOfNotification(t *testing.T) {
	_, text, _ := strings.Cut(readme(t), "### Notifications\n")
	text, _, _ = strings.Cut(text, "\n### ")
	for _, name := range typeNames() {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("the README does not name %s", name)
		}
	}
	for field := range reflect.TypeFor[notify.Fields]().Fields() {
		if !strings.Contains(text, "`"+field.Name+"`") {
			t.Errorf("the README does not name the field %s", field.Name)
		}
	}
}

func TestTheReadmesNotificationsAreRight(t *testing.T) {
	_, text, found := strings.Cut(readme(t), "```yaml\nnotifications:\n")
	text, _, _ = strings.Cut(text, "```")
	if c := notified(t, text); !found || len(c.Problems) > 0 || len(c.Notifications) < 3 {
		t.Errorf("%v, %+v", c.Problems, c.Notifications)
	}
}
