package charts

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// wordy are values with WORD wherever a name may stand, and LETTERS where it begins with a letter.
const wordy = `
repository: {url: "https://git.example.com/shop.git", credentialsSecret: "WORD", keysSecret: "WORD"}
app: {name: "WORD", settings: {serviceAccount: "WORD/WORD"}}
secrets: {notifications: {"WORD": "WORD"}}
sync: {tokenSecret: "WORD"}
fullnameOverride: "LETTERS"
leaderElection: {leaseName: "WORD"}
imagePullSecrets: [{name: "WORD"}]
env: {"LETTERS": "WORD"}
serviceAccount: {name: "WORD", annotations: {a: "WORD"}}
rbac:
  mode: MODE
  namespaces: ["WORD"]
  impersonate: [{namespace: "WORD", name: "WORD"}]
  clusterResources: [{apiGroup: "", resources: [namespaces]}]
priorityClassName: "WORD"
nodeSelector: {a: "WORD"}
commonLabels: {a: "WORD"}
commonAnnotations: {a: "WORD"}
podLabels: {b: "WORD"}
podAnnotations: {b: "WORD"}
webhook:
  enabled: true
  provider: github
  secret: "WORD"
  ingress: {enabled: true, className: "WORD", host: "WORD", tlsSecret: "WORD"}
  httpRoute: {enabled: true, parentRefs: [{name: "WORD", namespace: "WORD"}], hostnames: ["WORD"]}
metrics: {serviceMonitor: {enabled: true, labels: {c: "WORD"}}, prometheusRule: {enabled: true}, dashboard: {enabled: true}}
`

// TestANameIsATextWhateverYAMLTakesItFor installs under names that YAML takes for a boolean, for nothing, or for a number. Each of
// them is one that an API server takes.
func TestANameIsATextWhateverYAMLTakesItFor(t *testing.T) {
	for _, mode := range []string{"list", "clusterAdmin"} {
		want := wordyFields(t, mode, "plain", "plain")
		for word, letters := range map[string]string{"no": "no", "on": "on", "true": "true", "null": "null", "123": "yes", "1e3": "off"} {
			got := wordyFields(t, mode, word, letters)
			for field, kind := range want {
				if got[field] != kind {
					t.Errorf("%s, %s, %s: %s is %s, want %s", mode, word, letters, field, got[field], kind)
				}
			}
		}
	}
}

// wordyFields are the fields of what the chart makes of the wordy values, each with its type.
func wordyFields(t *testing.T, mode, word, letters string) map[string]string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "values.yaml")
	text := strings.NewReplacer("WORD", word, "LETTERS", letters, "MODE", mode).Replace(wordy)
	must(t, os.WriteFile(file, []byte(text), 0o600))
	found := map[string]string{}
	for i, o := range render(t, word, "--values", file) {
		typesOf(fmt.Sprint(i, " ", o.GetKind()), o.Object, found)
	}
	return found
}

// typesOf adds the type of each field of a value.
func typesOf(path string, value any, found map[string]string) {
	switch value := value.(type) {
	case map[string]any:
		for key, below := range value {
			typesOf(path+"."+key, below, found)
		}
	case []any:
		for i, each := range value {
			typesOf(fmt.Sprint(path, ".", i), each, found)
		}
	default:
		found[path] = fmt.Sprintf("%T", value)
	}
}
