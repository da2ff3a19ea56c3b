package apply_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/clustertest"
)

// policy installs an admission policy over a resource of the app's namespace, and waits until probe says that it is in
// force.
func (a *app) policy(operations, resource, expression, message string, probe func(context.Context) error) {
	a.Helper()
	group, resource, _ := strings.Cut(resource, "/")
	name := fmt.Sprintf("%s-%s", a.request.Namespace, strings.ToLower(strings.ReplaceAll(operations, ", ", "-")))
	policy := fmt.Sprintf(`apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: %s}
spec:
  matchConstraints:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: %s}}
    resourceRules: [{apiGroups: [%q], apiVersions: ["*"], operations: [%s], resources: [%s]}]
  validations: [{expression: %q, messageExpression: %q}]
`, name, a.request.Namespace, group, operations, resource, expression, message)
	binding := fmt.Sprintf(`apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: %s}
spec: {policyName: %s, validationActions: [Deny]}
`, name, name)
	for _, document := range []string{policy, binding} {
		o := parse(a.T, document)
		if err := a.client.Create(a.Context(), o); err != nil {
			a.Fatal(err)
		}
		a.Cleanup(func() { a.remove(o.GetAPIVersion(), o.GetKind(), name) })
	}
	clustertest.Eventually(a, "the policy to be in force", func(ctx context.Context) (bool, string) {
		err := probe(ctx)
		return apierrors.IsInvalid(err) || apierrors.IsForbidden(err), fmt.Sprint(err)
	})
}

// creating is a probe that would create an object.
func (a *app) creating(document string) func(context.Context) error {
	return func(ctx context.Context) error {
		o := parse(a.T, document)
		o.SetNamespace(a.request.Namespace)
		o.SetName("probe")
		return a.client.Create(ctx, o, client.DryRunAll)
	}
}

func TestAKindThatAPolicyRefusesLaterDoesNotKeepTheOthers(t *testing.T) {
	a := newApp(t)
	account := "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\n"
	plan, err := a.plan(configMap("settings", "1"), account, webDeployment)
	if err != nil {
		t.Fatal(err)
	}
	a.policy("CREATE, UPDATE", "/configmaps", "false", `"no settings here"`, a.creating(configMap("probe", "1")))
	err = a.Apply(t.Context(), plan, func(*apply.Change) {})
	var all apply.Errors
	if !errors.As(err, &all) || len(all) != 1 || all[0].ID.Kind != "ConfigMap" || !strings.Contains(err.Error(), "no settings here") {
		t.Fatalf("error: %v", err)
	}
	if a.live("v1", "ServiceAccount", "web") == nil || a.live("apps/v1", "Deployment", "web-server") == nil {
		t.Error("what the policy has nothing against is missing")
	}
	_, err = a.plan(configMap("settings", "1"), account, strings.Replace(webDeployment, "web-server", "second", 1))
	if err == nil || !strings.Contains(err.Error(), "no settings here") {
		t.Errorf("a commit that is refused from the start: %v", err)
	}
}

func TestADeletionThatAPolicyRefusesDoesNotKeepTheOthers(t *testing.T) {
	a := newApp(t)
	if err := a.sync(settings(4)...); err != nil {
		t.Fatal(err)
	}
	recorded := a.request.Recorded
	a.policy("DELETE", "/configmaps", "oldObject.metadata.name != 'settings-2'", `"it stays"`, func(ctx context.Context) error {
		return a.client.Delete(ctx, a.live("v1", "ConfigMap", "settings-2"), client.DryRunAll)
	})
	err := a.sync(settings(2)...)
	var all apply.Errors
	if !errors.As(err, &all) || len(all) != 1 || all[0].ID.Name != "settings-2" || !strings.Contains(err.Error(), "it stays") {
		t.Fatalf("error: %v", err)
	}
	if a.live("v1", "ConfigMap", "settings-3") != nil {
		t.Error("the other one was not deleted")
	}
	a.request.Recorded = recorded
	plan, err := a.plan(settings(2)...)
	if err != nil || len(plan.Stale) != 1 || plan.Stale[0].ID.Name != "settings-2" {
		t.Fatalf("it is forgotten: %v, %v", plan, err)
	}
	if err := a.Prune(t.Context(), plan, func(*apply.Change) {}); err == nil || plan.Stale[0].Gone() {
		t.Errorf("it counts as gone, with %v", err)
	}
}

func TestAQuotaThatRefusesAnObjectIsTold(t *testing.T) {
	a := newApp(t)
	quota := "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: few}\nspec: {hard: {count/secrets: \"1\"}}\n"
	o := parse(t, quota)
	o.SetNamespace(a.request.Namespace)
	if err := a.client.Create(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	clustertest.Eventually(t, "the quota to be counted", func(context.Context) (bool, string) {
		status, has := a.live("v1", "ResourceQuota", "few").Object["status"].(map[string]any)
		return has && status["used"] != nil, fmt.Sprint(status)
	})
	secret := func(name string) string {
		return "apiVersion: v1\nkind: Secret\nmetadata: {name: " + name + "}\nstringData: {password: correct-horse}\n"
	}
	err := a.sync(secret("one"), secret("two"), configMap("settings", "1"))
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "exceeded quota: few") {
		t.Fatalf("error: %v", err)
	}
	if a.live("v1", "ConfigMap", "settings") == nil {
		t.Error("what the quota has nothing against is missing")
	}
}

func TestASecretThatAPolicyQuotesIsNotTold(t *testing.T) {
	const canary = "correct-horse-battery"
	a := newApp(t)
	secret := "apiVersion: v1\nkind: Secret\nmetadata: {name: token}\nstringData: {password: " + canary + "}\n"
	a.policy("CREATE, UPDATE", "/secrets", "false", `"refused: " + string(object.data.password)`, a.creating(secret))
	for _, documents := range [][]string{{secret}, {secret, configMap("settings", "1")}} {
		err := a.sync(documents...)
		if err == nil || !strings.Contains(err.Error(), "refused: ***") {
			t.Fatalf("error: %v", err)
		}
		for inner := err; inner != nil; inner = errors.Unwrap(inner) {
			if strings.Contains(inner.Error(), canary) || strings.Contains(fmt.Sprintf("%#v", inner), canary) {
				t.Errorf("the value is in: %v", inner)
			}
		}
	}
}

func TestASecretWithBadBase64IsRefusedWithoutItsValue(t *testing.T) {
	const canary = "Y29ycmVjdC1ob3JzZQ"
	a := newApp(t)
	// The reader of manifests refuses this before; what is rendered in another way comes here.
	manifests := read(t, "apiVersion: v1\nkind: Secret\nmetadata: {name: token}\ndata: {password: \"\"}\n", configMap("settings", "1"))
	manifests[0].Object.Object["data"] = map[string]any{"password": canary}
	a.request.Manifests = manifests
	_, err := a.Plan(t.Context(), a.request)
	if err == nil || strings.Contains(err.Error(), canary) || !strings.Contains(err.Error(), "secret/token") {
		t.Errorf("error: %v", err)
	}
}
