package apply_test

import (
	"strings"
	"testing"
)

// TestARefusalIsToldInPlainWords has fields of a Deployment's container, and what is said of them.
func TestARefusalIsToldInPlainWords(t *testing.T) {
	a := newApp(t)
	const place = `app.yaml:1: deployment.apps/web: `
	for field, want := range map[string]string{
		`env: [{name: PORT, value: 80}]`: place + `.spec.template.spec.containers[name="c"].env[name="PORT"].value: expected string, got 80; quote it`,
		`env: [{name: A, value: 1.5}, {name: B, value: on}]`: place + `.spec.template.spec.containers[name="c"].env[name="A"].value: expected string, got 1.5; quote it; ` +
			`.spec.template.spec.containers[name="c"].env[name="B"].value: expected string, got true; quote it`,
		`env: [{name: A, value: {b: c}}]`:        place + `.spec.template.spec.containers[name="c"].env[name="A"].value: expected string, got map`,
		`ports: [{containerPort: "80"}]`:         place + `.spec.template.spec.containers[name="c"].ports[containerPort="80",protocol="TCP"].containerPort: expected numeric (int or float), got string`,
		`imagePullPolice: Always`:                place + `.spec.template.spec.containers[name="c"].imagePullPolice: field not declared in schema`,
		`resources: {requests: {memory: 10 Mo}}`: place + `quantities must match the regular expression`,
	} {
		_, err := a.plan("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {a: b}}\n"+
			"  template:\n    metadata: {labels: {a: b}}\n    spec:\n      containers:\n      - name: c\n        image: i\n        "+field+"\n", configMap("settings", "1"))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s:\ngot  %v\nwant %s", field, err, want)
		}
	}
}
