package apply_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/clustertest"
)

const (
	gadgets = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.leaving.example.com}
spec:
  group: leaving.example.com
  scope: Namespaced
  names: {plural: gadgets, singular: gadget, kind: Gadget}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
`
	gadget = "apiVersion: leaving.example.com/v1\nkind: Gadget\nmetadata: {name: one}\n"
)

// finalize sets or takes the finalizers of an object.
func (a *app) finalize(o *unstructured.Unstructured, finalizers string) {
	a.Helper()
	change := []byte(`{"metadata":{"finalizers":` + finalizers + `}}`)
	err := a.client.Patch(context.WithoutCancel(a.Context()), o, client.RawPatch("application/merge-patch+json", change), client.FieldOwner("somebody"))
	if client.IgnoreNotFound(err) != nil {
		a.Error(err)
	}
}

func TestADefinitionStaysAsLongAsOneOfItsObjects(t *testing.T) {
	a := newApp(t)
	t.Cleanup(func() { a.remove("apiextensions.k8s.io/v1", "CustomResourceDefinition", "gadgets.leaving.example.com") })
	if err := a.sync(append(settings(6), gadgets, gadget)...); err != nil {
		t.Fatal(err)
	}
	live := a.live("leaving.example.com/v1", "Gadget", "one")
	a.finalize(live, `["example.com/hold"]`)
	recorded := a.request.Recorded
	a.request.AllowPrune = 3
	err := a.sync(settings(5)...)
	told := strings.Join(a.outcomes, "\n")
	for _, want := range []string{
		"configmap/settings-5 pruned",
		"gadget.leaving.example.com/one pruned (it goes once these finalizers let it: example.com/hold)",
		"customresourcedefinition.apiextensions.k8s.io/gadgets.leaving.example.com skipped (it goes once gadget.leaving.example.com/one has)",
	} {
		if err != nil || !strings.Contains(told, want) {
			t.Errorf("%v, told\n%s\nwant %s", err, told, want)
		}
	}
	a.finalize(live, "null")
	clustertest.Eventually(t, "the gadget to go", func(context.Context) (bool, string) {
		return a.live("leaving.example.com/v1", "Gadget", "one") == nil, ""
	})
	a.request.Recorded = recorded
	if err := a.sync(settings(5)...); err != nil || !strings.Contains(strings.Join(a.outcomes, "\n"), "gadgets.leaving.example.com pruned") {
		t.Errorf("outcomes %q, %v", a.outcomes, err)
	}
}

func TestFinalizersHoldNobodyElse(t *testing.T) {
	a := newApp(t)
	if err := a.sync(settings(60)...); err != nil {
		t.Fatal(err)
	}
	for i := 10; i < 60; i++ { // more than are deleted at once
		a.patch(fmt.Sprintf("settings-%d", i), `{"metadata":{"finalizers":["example.com/hold"]}}`)
	}
	a.request.AllowPrune = 55
	plan, err := a.plan(settings(5)...)
	if err != nil {
		t.Fatal(err)
	}
	held := 0
	err = a.Prune(t.Context(), plan, func(c *apply.Change) {
		if !c.Gone() {
			held++
		} else if held > 0 {
			t.Errorf("%s is told after those that are held", c)
		}
	})
	if err != nil || held != 50 {
		t.Errorf("%d are held, %v", held, err)
	}
	for i := 10; i < 60; i++ {
		a.patch(fmt.Sprintf("settings-%d", i), `{"metadata":{"finalizers":null}}`)
	}
}

func TestANamespaceThatDoesNotGoIsNamedWithWhatHoldsIt(t *testing.T) {
	a := newApp(t)
	name := a.request.Namespace + "-own"
	namespace := "apiVersion: v1\nkind: Namespace\nmetadata: {name: " + name + "}\n"
	if err := a.sync(append(settings(5), namespace)...); err != nil {
		t.Fatal(err)
	}
	theirs := parse(t, configMap("theirs", "1"))
	theirs.SetNamespace(name)
	theirs.SetFinalizers([]string{"example.com/hold"})
	if err := a.client.Create(t.Context(), theirs); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.finalize(theirs, "null") })
	recorded := a.request.Recorded
	a.request.AllowPrune = 1
	if err := a.sync(settings(5)...); err != nil || !strings.Contains(strings.Join(a.outcomes, "\n"), "namespace/"+name+" pruned (it") {
		t.Fatalf("outcomes %q, %v", a.outcomes, err)
	}
	clustertest.Eventually(t, "the finalizer to be named", func(context.Context) (bool, string) {
		a.request.Recorded = recorded
		plan, err := a.plan(settings(5)...)
		if err != nil || len(plan.Stale) != 1 {
			t.Fatalf("plan %v, %v", plan, err)
		}
		return strings.Contains(plan.Stale[0].Why, "example.com/hold"), plan.Stale[0].String()
	})
	inside := strings.Replace(configMap("late", "1"), "name: late", "name: late\n  namespace: "+name, 1)
	a.request.Prune = false
	_, err := a.plan(inside, configMap("settings-0", "2"))
	terminating, ok := errors.AsType[*apply.TerminatingError](err)
	if !ok || terminating.Namespace != name || !strings.Contains(err.Error(), "example.com/hold") {
		t.Errorf("an object that is to go there: %v", err)
	}
}
