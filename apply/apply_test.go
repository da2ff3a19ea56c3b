package apply_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply"
)

const webDeployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web-server}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "nginx:1.27"}
`

func TestOutcomesAreInKubectlsWords(t *testing.T) {
	a := newApp(t)
	a.mustSync([]string{"configmap/settings created", "deployment.apps/web-server created"}, webDeployment, configMap("settings", "1"))
	a.mustSync([]string{"configmap/settings unchanged", "deployment.apps/web-server configured (replicas 1 → 3)"},
		strings.Replace(webDeployment, "replicas: 1", "replicas: 3", 1), configMap("settings", "1"))
	if replicas, _, _ := unstructured.NestedInt64(a.live("apps/v1", "Deployment", "web-server").Object, "spec", "replicas"); replicas != 3 {
		t.Errorf("%d replicas", replicas)
	}
	a.mustSync([]string{
		"configmap/settings configured (data.key 1 → 2)",
		"deployment.apps/web-server configured (replicas 3 → 1, containers[web].image nginx:1.27 → nginx:1.28)",
	}, strings.Replace(webDeployment, "1.27", "1.28", 1), configMap("settings", "2"))
}

func TestAnAppliedObjectNamesItsOwner(t *testing.T) {
	a := newApp(t)
	a.mustSync([]string{"configmap/settings created"}, configMap("settings", "1"))
	live := a.live("v1", "ConfigMap", "settings")
	if live.GetLabels()[apply.OwnerLabel] != "web" {
		t.Errorf("labels %v", live.GetLabels())
	}
	if len(live.GetOwnerReferences()) > 0 || len(live.GetAnnotations()) > 0 {
		t.Errorf("owner references %v, annotations %v", live.GetOwnerReferences(), live.GetAnnotations())
	}
	if managers := live.GetManagedFields(); len(managers) != 1 || managers[0].Manager != apply.FieldManager {
		t.Errorf("managed fields %v", managers)
	}
}

func TestACommitWithOneBadObjectChangesNothing(t *testing.T) {
	a := newApp(t)
	bad := strings.Replace(webDeployment, "{app: web}}\n    spec", "{app: other}}\n    spec", 1)
	err := a.sync(configMap("settings", "1"), bad, strings.Replace(bad, "web-server", "web-client", 1))
	var all apply.Errors
	if !errors.As(err, &all) || len(all) != 2 {
		t.Fatalf("want both bad objects, got %v", err)
	}
	if !strings.Contains(err.Error(), "app.yaml:9: deployment.apps/web-server: ") || !apierrors.IsInvalid(err) {
		t.Errorf("error: %v", err)
	}
	if a.live("v1", "ConfigMap", "settings") != nil {
		t.Error("the good object was applied")
	}
}

func TestADefinitionAndItsObjectGoInOneCommit(t *testing.T) {
	a := newApp(t)
	group := a.request.Namespace + ".example.com" // which no other run has, whose definition may be on its way out
	definition := fmt.Sprintf(`apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.%[1]s}
spec:
  group: %[1]s
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
`, group)
	widget := "apiVersion: " + group + "/v1\nkind: Widget\nmetadata: {name: one}\nspec: {size: 3}\n"
	t.Cleanup(func() { a.remove("apiextensions.k8s.io/v1", "CustomResourceDefinition", "widgets."+group) })
	a.mustSync([]string{
		"customresourcedefinition.apiextensions.k8s.io/widgets." + group + " created",
		"widget." + group + "/one created",
	}, widget, definition)
	if a.live(group+"/v1", "Widget", "one") == nil {
		t.Error("no widget")
	}
}

func TestAKindThatNobodyServesIsNamed(t *testing.T) {
	a := newApp(t)
	err := a.sync("apiVersion: nobody.example.com/v1\nkind: Gadget\nmetadata: {name: one}\n", configMap("settings", "1"))
	var unknown *apply.UnknownKindError
	if !errors.As(err, &unknown) || unknown.Kind.Kind != "Gadget" {
		t.Fatalf("error: %v", err)
	}
	if a.live("v1", "ConfigMap", "settings") != nil {
		t.Error("the rest was applied")
	}
}

func TestANamespaceAndItsObjectsGoInOneCommit(t *testing.T) {
	a := newApp(t)
	name := a.request.Namespace + "-own"
	t.Cleanup(func() { a.remove("v1", "Namespace", name) })
	inside := strings.Replace(configMap("settings", "1"), "name: settings", "name: settings\n  namespace: "+name, 1)
	a.mustSync([]string{"configmap/settings created", "namespace/" + name + " created"},
		inside, "apiVersion: v1\nkind: Namespace\nmetadata: {name: "+name+"}\n")
}

func TestAClusterWideObjectWithANamespaceIsWarnedAbout(t *testing.T) {
	a := newApp(t)
	plan, err := a.plan("apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: low, namespace: default}\nvalue: 1\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Warnings) != 1 || plan.Changes[0].Desired.GetNamespace() != "" {
		t.Errorf("warnings %q, namespace %q", plan.Warnings, plan.Changes[0].Desired.GetNamespace())
	}
}

func TestTheSameObjectTwiceIsRefusedOnceItsNamespaceIsKnown(t *testing.T) {
	a := newApp(t)
	explicit := strings.Replace(configMap("settings", "2"), "name: settings", "name: settings\n  namespace: "+a.request.Namespace, 1)
	if err := a.sync(configMap("settings", "1"), explicit); !errors.Is(err, apply.ErrTwice) {
		t.Fatalf("error: %v", err)
	}
}

func TestASecretsValueIsInNoDiffAndNoError(t *testing.T) {
	const canary = "correct-horse-battery"
	secret := "apiVersion: v1\nkind: Secret\nmetadata: {name: token}\nstringData: {password: " + canary + "}\n"
	a := newApp(t)
	a.mustSync([]string{"secret/token created"}, secret)
	plan, err := a.plan(strings.Replace(secret, canary, canary+"-2", 1))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Apply(t.Context(), plan, func(*apply.Change) {}); err != nil {
		t.Fatal(err)
	}
	text := plan.Changes[0].String()
	if !strings.Contains(text, "data.password *** → ***") || strings.Contains(text, canary) {
		t.Errorf("told %q", text)
	}
	err = a.sync(strings.Replace(secret, "metadata: {name: token}", "metadata: {name: token}\ntype: kubernetes.io/tls", 1))
	if err == nil || strings.Contains(err.Error(), canary) {
		t.Errorf("error: %v", err)
	}
}

// remove deletes an object when a test ends, whose own context has ended then.
func (a *app) remove(apiVersion, kind, name string) {
	o := &unstructured.Unstructured{}
	o.SetAPIVersion(apiVersion)
	o.SetKind(kind)
	o.SetName(name)
	if err := client.IgnoreNotFound(a.client.Delete(context.Background(), o)); err != nil {
		a.Error(err)
	}
}
