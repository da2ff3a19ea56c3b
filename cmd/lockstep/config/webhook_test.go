package config_test

import (
	"path/filepath"
	"testing"

	"github.com/lockstep-dev/lockstep/cmd/lockstep/config"
)

func TestTheSecretOfAWebhookIsBesideTheFile(t *testing.T) {
	dir := t.TempDir()
	for given, want := range map[string]string{"hooks/shop": filepath.Join(dir, "hooks/shop"), "/etc/hooks/": "/etc/hooks"} {
		text := address("https://git.example.com/a\n  webhook: {provider: gitea, secretFile: " + given + "}")
		c, err := config.Parse(filepath.Join(dir, "config.yaml"), []byte(text))
		if err != nil || len(c.Problems) > 0 {
			t.Fatal(err, said(c))
		}
		if r := c.Repositories[0]; r.WebhookProvider != "gitea" || r.WebhookSecrets != want {
			t.Errorf("%+v", r)
		}
	}
}
