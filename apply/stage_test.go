package apply_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/apply"
)

// inOrder applies documents and returns what was reported, in order.
func (a *app) inOrder(documents ...string) []string {
	a.Helper()
	plan, err := a.plan(documents...)
	if err != nil {
		a.Fatal(err)
	}
	told := make(chan string, len(plan.All()))
	if err := a.Apply(a.Context(), plan, func(c *apply.Change) { told <- c.ID.Kind }); err != nil {
		a.Fatal(err)
	}
	close(told)
	return slices.Collect(func(yield func(string) bool) {
		for kind := range told {
			yield(kind)
		}
	})
}

func TestObjectsComeAfterWhatTheyNeed(t *testing.T) {
	a := newApp(t)
	suffix := a.request.Namespace
	webhook := `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: ` + suffix + `}
webhooks:
- name: nobody.example.com
  admissionReviewVersions: [v1]
  sideEffects: None
  namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ` + suffix + `}}
  clientConfig: {service: {namespace: ` + suffix + `, name: nobody}}
  rules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}]
`
	class := "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: " + suffix + "}\nvalue: 1\n"
	account := "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\n"
	t.Cleanup(func() {
		a.remove("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", suffix)
		a.remove("scheduling.k8s.io/v1", "PriorityClass", suffix)
	})
	deployment := strings.Replace(webDeployment, "    spec:\n", "    spec:\n      priorityClassName: "+suffix+"\n      serviceAccountName: web\n", 1)
	told := a.inOrder(webhook, deployment, account, class)
	if want := []string{"PriorityClass", "ServiceAccount", "Deployment", "ValidatingWebhookConfiguration"}; !slices.Equal(told, want) {
		t.Errorf("in the order %q, want %q", told, want)
	}
	if a.live("apps/v1", "Deployment", "web-server") == nil {
		t.Error("its own webhook kept the Deployment out")
	}
}
