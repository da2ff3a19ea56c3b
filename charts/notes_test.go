package charts

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestTheNotesSayWhatIsSo reads what Helm prints after an installation from each values file.
func TestTheNotesSayWhatIsSo(t *testing.T) {
	for values, c := range map[string]struct{ says, not []string }{
		"one-app": {[]string{
			"keeps https://git.example.com/team/shop.git, folder manifests/web, in step", "kubectl --namespace tools rollout status deployment/lockstep",
			"port-forward service/lockstep 8080", "no Secrets: tools\n",
		}, []string{"Secrets are in", "acts as", "ebhooks"}},
		"folders":   {[]string{"its config (entries: 1)", "acts as these ServiceAccounts, and can do there what they can: default/team"}, []string{"may write"}},
		"many-apps": {[]string{"may write to these namespaces, and there the kinds of rbac.resources: default", "default/edge, default/team"}, []string{"no Secrets"}},
		"none":      {[]string{"Secrets are in tools: shop-git", "lockstep rbac --state=false"}, []string{"may write", "acts as"}},
		"single":    {[]string{"may do everything"}, []string{"may write", "acts as"}},
		"everything": {[]string{
			"deployment/keeper", "service/keeper 8081", "Secrets are in tools: shop-git, shop-keys, shop-sync, shop-webhook, slack\n",
			"webhooks to https://hooks.example.com/hooks/github", "tools/team",
		}, []string{"may write"}},
	} {
		notes := notesOf(t, "--values", filepath.Join(chart, "ci", values+"-values.yaml"))
		for _, text := range c.says {
			if !strings.Contains(notes, text) {
				t.Errorf("%s: no %q in\n%s", values, text, notes)
			}
		}
		for _, text := range c.not {
			if strings.Contains(notes, text) {
				t.Errorf("%s: %q in\n%s", values, text, notes)
			}
		}
	}
}

func TestTheNotesSayOfWebhooksThatGoNowhere(t *testing.T) {
	const repository = "config.repositories[0].name=shop,config.repositories[0].url=https://git.example.com/shop.git," +
		"config.apps[0].name=web,config.apps[0].repository=shop,config.apps[0].path=web"
	const hook = ",config.repositories[0].webhook.provider=github,config.repositories[0].webhook.secretFile=/etc/lockstep/webhooks/shop/secret"
	const two = ",config.repositories[1].name=b,config.repositories[1].url=https://git.example.com/b.git,config.repositories[1].webhook.provider=gitlab," +
		"config.repositories[1].webhook.secretFile=/etc/lockstep/webhooks/b/secret"
	for set, want := range map[string]string{
		repository + hook:                                                   "Webhooks are not received",
		repository + ",webhook.enabled=true":                                "Webhooks are all refused",
		repository + hook + ",webhook.enabled=true":                         "path /hooks/github",
		repository + hook + ",webhook.enabled=true,webhook.provider=gitlab": "path /hooks/github", // which is not for a whole config
		repository + hook + two + ",webhook.enabled=true":                   "path /hooks/PROVIDER",
		repository + ",webhook.enabled=false,env.A=b":                       "Uninstalling",
	} {
		if notes := notesOf(t, "--set", set); !strings.Contains(notes, want) || strings.Count(notes, "ebhooks") > 1 {
			t.Errorf("%s: no %q in\n%s", set, want, notes)
		}
	}
}

// notesOf is what Helm prints after an installation.
func notesOf(t *testing.T, set ...string) string {
	t.Helper()
	out, err := helm(t, append([]string{"install", "lockstep", chart, "--dry-run=client", "--namespace", "tools"}, set...)...)
	must(t, err)
	_, notes, found := strings.Cut(out, "\nNOTES:\n")
	if !found {
		t.Fatalf("Helm prints no notes:\n%s", out)
	}
	return notes
}
