package apply_test

import (
	"errors"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/apply/object"
)

func TestARepositoryThatBringsItsNamespaceIsUnchangedTheSecondTime(t *testing.T) {
	a := newApp(t)
	name := a.request.Namespace + "-own"
	t.Cleanup(func() { a.remove("v1", "Namespace", name) })
	namespace := "apiVersion: v1\nkind: Namespace\nmetadata: {name: " + name + "}\n"
	a.request.Namespace = name
	a.mustSync([]string{"configmap/settings created", "deployment.apps/web-server created", "namespace/" + name + " created"},
		namespace, webDeployment, configMap("settings", "1"))
	a.mustSync([]string{"configmap/settings unchanged", "deployment.apps/web-server unchanged", "namespace/" + name + " unchanged"},
		namespace, webDeployment, configMap("settings", "1"))
	bad := strings.Replace(webDeployment, "{app: web}}\n    spec", "{app: other}}\n    spec", 1)
	if err := a.sync(namespace, bad, configMap("settings", "2")); err == nil {
		t.Fatal("a Deployment that is invalid was applied")
	}
	if value, _, _ := unstructured.NestedString(a.live("v1", "ConfigMap", "settings").Object, "data", "key"); value != "1" {
		t.Errorf("half of the commit was applied: %q", value)
	}
}

func TestAConflictIsStillOneAfterTheObjectWasPutOnRecord(t *testing.T) {
	a := newApp(t)
	theirs := parse(t, configMap("settings", "theirs"))
	theirs.SetNamespace(a.request.Namespace)
	if err := a.client.Create(t.Context(), theirs, client.FieldOwner("helm")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		var conflict *apply.ConflictError
		if _, err := a.plan(configMap("settings", "ours")); !errors.As(err, &conflict) {
			t.Fatalf("a plan says %v", err)
		}
		id := a.request.Manifests[0].ID
		id.Namespace = a.request.Namespace
		a.request.Recorded[id] = inventory.Entry{Version: "v1"} // an apply was intended
	}
}

func TestAnObjectOfAnotherAppIsRefusedWithItsName(t *testing.T) {
	one := newApp(t)
	one.mustSync([]string{"configmap/settings created"}, configMap("settings", "1"))
	two := newApp(t)
	two.request.App, two.request.Namespace = "two", one.request.Namespace
	var owned *apply.OwnedError
	if err := two.sync(configMap("settings", "2"), configMap("other", "2")); !errors.As(err, &owned) || owned.App != "web" {
		t.Fatalf("error: %v", err)
	}
	one.mustSync([]string{"configmap/settings unchanged"}, configMap("settings", "1"))
	if one.live("v1", "ConfigMap", "other") != nil {
		t.Error("the rest of the commit was applied")
	}
}

func TestAnObjectWhoseLabelSomebodyStrippedIsOursAgain(t *testing.T) {
	a := newApp(t)
	a.mustSync([]string{"configmap/settings created"}, configMap("settings", "1"))
	a.patch("settings", `{"metadata":{"labels":{"lockstep.dev/app":null}}}`)
	a.mustSync([]string{"configmap/settings configured (metadata.labels.lockstep.dev/app set to web; drift)"}, configMap("settings", "1"))
}

func TestALabelThatSomebodyGaveToAnotherAppIsDrift(t *testing.T) {
	a := newApp(t)
	a.mustSync([]string{"configmap/settings created"}, configMap("settings", "1"))
	a.patch("settings", `{"metadata":{"labels":{"lockstep.dev/app":"other"}}}`)
	a.mustSync([]string{"configmap/settings configured (metadata.labels.lockstep.dev/app other → web; drift by somebody)"}, configMap("settings", "1"))

	other := newApp(t) // which really has taken it
	other.request.App, other.request.Namespace, other.request.Force = "other", a.request.Namespace, true
	other.request.MayTake = func(object.ID, string) bool { return true }
	if err := other.sync(configMap("settings", "2")); err != nil {
		t.Fatal(err)
	}
	var owned *apply.OwnedError
	if err := a.sync(configMap("settings", "1")); !errors.As(err, &owned) || owned.App != "other" {
		t.Errorf("error: %v", err)
	}
}

func TestANamespaceThatIsMissingIsSaidOnce(t *testing.T) {
	a := newApp(t)
	a.request.Namespace = "nowhere"
	err := a.sync(configMap("settings", "1"), configMap("more", "1"))
	var missing *apply.NamespaceError
	if !errors.As(err, &missing) || missing.Name != "nowhere" || strings.Count(err.Error(), "nowhere") != 1 {
		t.Fatalf("error: %v", err)
	}
}

func TestAnObjectThatAFinalizerHoldsIsNotForgotten(t *testing.T) {
	a := newApp(t)
	if err := a.sync(settings(2)...); err != nil {
		t.Fatal(err)
	}
	recorded := a.request.Recorded
	a.patch("settings-1", `{"metadata":{"finalizers":["example.com/hold"]}}`)
	a.mustSync([]string{
		"configmap/settings-0 unchanged",
		"configmap/settings-1 pruned (it goes once these finalizers let it: example.com/hold)",
	}, settings(1)...)
	a.request.Recorded = recorded
	plan, err := a.plan(settings(1)...)
	if err != nil || len(plan.Stale) != 1 || plan.Stale[0].Gone() || plan.Writes() != 0 {
		t.Fatalf("plan %v, %v", plan, err)
	}
	a.patch("settings-1", `{"metadata":{"finalizers":null}}`)
	plan, err = a.plan(settings(1)...)
	if err != nil || len(plan.Stale) > 0 {
		t.Errorf("it is gone, and still planned: %v, %v", plan.Stale, err)
	}
}
