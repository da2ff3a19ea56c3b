package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestACredentialPluginThatIsMissingIsNamed(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	kubeconfig := filepath.Join(dir, "config")
	const text = `{apiVersion: v1, kind: Config, current-context: kind-a,
contexts: [{name: kind-a, context: {cluster: a, user: a}}], clusters: [{name: a, cluster: {server: "https://127.0.0.1:1"}}],
users: [{name: a, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: cloud-login, interactiveMode: Never}}}]}`
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := findCluster(kubeconfig, "")
	if err == nil || !strings.Contains(err.Error(), `"cloud-login"`) || !strings.Contains(err.Error(), "on PATH") {
		t.Errorf("find: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "cloud-login"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := findCluster(kubeconfig, ""); err != nil {
		t.Errorf("find, with the program: %v", err)
	}
}
