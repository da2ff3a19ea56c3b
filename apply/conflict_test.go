package apply_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/object"
)

func TestAConflictNamesEveryManagerWithItsFields(t *testing.T) {
	a := newApp(t)
	theirs := parse(t, strings.Replace(webDeployment, "nginx:1.27", "nginx:1.20", 1))
	theirs.SetNamespace(a.request.Namespace)
	if err := a.client.Create(t.Context(), theirs, client.FieldOwner("helm")); err != nil {
		t.Fatal(err)
	}
	a.serverSideApply("argocd", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web-server}\nspec: {minReadySeconds: 7}\n")
	scale := parse(t, "apiVersion: autoscaling/v1\nkind: Scale\nmetadata: {name: web-server}\nspec: {replicas: 7}\n")
	err := a.client.SubResource("scale").Update(t.Context(), theirs, client.WithSubResourceBody(scale), client.FieldOwner("scaler"))
	if err != nil {
		t.Fatal(err)
	}
	other := parse(t, configMap("settings", "theirs"))
	other.SetNamespace(a.request.Namespace)
	if err := a.client.Create(t.Context(), other, client.FieldOwner("helm")); err != nil {
		t.Fatal(err)
	}
	err = a.sync(strings.Replace(webDeployment, "  replicas: 1", "  replicas: 1\n  minReadySeconds: 1", 1), configMap("settings", "ours"))
	var all apply.Errors
	if !errors.As(err, &all) || len(all) != 2 {
		t.Fatalf("want the conflicts of both objects, got %v", err)
	}
	for _, want := range []string{
		".spec.minReadySeconds owned by argocd; ",
		`.spec.template.spec.containers[name="web"].image owned by helm; `,
		".spec.replicas owned by scaler (scale): ",
		".data.key owned by helm: ",
		"conflicts: force",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	var conflict *apply.ConflictError
	if !errors.As(err, &conflict) || !slices.Equal(conflict.Managers, []string{"argocd", "helm", "scaler"}) || len(conflict.Owners) != 3 {
		t.Errorf("conflict %+v", conflict)
	}
}

func TestAConflictIsWonWhereTheAppSaysSo(t *testing.T) {
	a := newApp(t)
	theirs := parse(t, configMap("settings", "theirs")+"  other: theirs\n")
	theirs.SetNamespace(a.request.Namespace)
	if err := a.client.Create(t.Context(), theirs, client.FieldOwner("helm")); err != nil {
		t.Fatal(err)
	}
	a.request.Force = true
	a.mustSync([]string{"configmap/settings configured (data.key theirs → ours, metadata.labels.lockstep.dev/app set to web)"},
		configMap("settings", "ours"))
	if other, _, _ := unstructured.NestedString(a.live("v1", "ConfigMap", "settings").Object, "data", "other"); other != "theirs" {
		t.Errorf("the field that git does not have is %q", other)
	}
}

func TestAFieldThatAnotherManagerHasSetAlikeIsNoConflict(t *testing.T) {
	a := newApp(t)
	theirs := parse(t, configMap("settings", "1"))
	theirs.SetNamespace(a.request.Namespace)
	if err := a.client.Create(t.Context(), theirs, client.FieldOwner("helm")); err != nil {
		t.Fatal(err)
	}
	a.mustSync([]string{"configmap/settings configured (metadata.labels.lockstep.dev/app set to web)"}, configMap("settings", "1"))
	a.wantManagers(a.live("v1", "ConfigMap", "settings"), "helm Update", "lockstep Apply")
}

func TestAFieldThatACommitAddsAndAnotherOwnsIsAConflict(t *testing.T) {
	a := newApp(t)
	a.mustSync([]string{"deployment.apps/web-server created"}, webDeployment)
	previous := a.request.Manifests[0].Object
	a.request.Previous = func(object.ID) *unstructured.Unstructured { return previous }
	a.serverSideApply("argocd", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web-server}\nspec: {minReadySeconds: 7}\n")
	err := a.sync(strings.Replace(webDeployment, "  replicas: 1", "  replicas: 2\n  minReadySeconds: 1", 1))
	if err == nil || !strings.Contains(err.Error(), ".spec.minReadySeconds owned by argocd") {
		t.Errorf("error: %v", err)
	}
	if live := a.live("apps/v1", "Deployment", "web-server"); number(t, live, "spec", "replicas") != 1 {
		t.Error("half of the change was applied")
	}
}

func TestAFieldThatWasAppliedBeforeIsTakenBackByTheNextCommit(t *testing.T) {
	a := newApp(t)
	a.mustSync([]string{"deployment.apps/web-server created"}, webDeployment)
	previous := a.request.Manifests[0].Object
	a.request.Previous = func(object.ID) *unstructured.Unstructured { return previous }
	theirs := parse(t, strings.Replace(webDeployment, "nginx:1.27", "nginx:1.20", 1))
	theirs.SetNamespace(a.request.Namespace)
	err := a.client.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(theirs), client.FieldOwner("argocd"), client.ForceOwnership)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.sync(strings.Replace(webDeployment, "nginx:1.27", "nginx:1.28", 1)); err != nil {
		t.Fatal(err)
	}
	containers, _, _ := unstructured.NestedSlice(a.live("apps/v1", "Deployment", "web-server").Object, "spec", "template", "spec", "containers")
	if image := containers[0].(map[string]any)["image"]; image != "nginx:1.28" {
		t.Errorf("image %v", image)
	}
}

func number(t *testing.T, o *unstructured.Unstructured, path ...string) int64 {
	t.Helper()
	n, found, err := unstructured.NestedInt64(o.Object, path...)
	if err != nil || !found {
		t.Fatalf("%v: %t, %v", path, found, err)
	}
	return n
}
