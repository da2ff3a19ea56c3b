package apply_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply"
)

const recreateAnnotation = "annotations: {lockstep.dev/force: recreate}"

// recreatable has a document ask to be recreated.
func recreatable(document string) string {
	return strings.Replace(document, "metadata: {", "metadata: {"+recreateAnnotation+", ", 1)
}

func TestAnObjectIsRecreatedWhereItAsksForThat(t *testing.T) {
	a := newApp(t)
	const told = "deployment.apps/web-server configured (recreated: spec.selector is immutable (selector.matchLabels.app web → other))"
	if err := a.sync(webDeployment); err != nil {
		t.Fatal(err)
	}
	before := a.live("apps/v1", "Deployment", "web-server")
	a.request.Rehearse = true
	plan, err := a.plan(recreatable(otherSelector))
	if err != nil || plan.Changes[0].String() != told {
		t.Fatalf("the plan says %v, %v", plan, err)
	}
	if !slices.ContainsFunc(plan.Changes[0].Fields, func(f apply.Field) bool { return f.Path == "spec.template.metadata.labels.app" }) {
		t.Errorf("the plan changes %v", plan.Changes[0].Fields)
	}
	if a.live("apps/v1", "Deployment", "web-server").GetUID() != before.GetUID() {
		t.Error("the plan has recreated it")
	}
	for _, rehearse := range []bool{true, false} {
		document := recreatable(otherSelector)
		if a.request.Rehearse = rehearse; !rehearse {
			document = recreatable(webDeployment)
		}
		if err := a.sync(document); err != nil || !strings.Contains(a.outcomes[0], "recreated: spec.selector is immutable") {
			t.Fatalf("outcomes %q, %v", a.outcomes, err)
		}
		after := a.live("apps/v1", "Deployment", "web-server")
		if after.GetUID() == before.GetUID() || after.GetLabels()[apply.OwnerLabel] != "web" {
			t.Errorf("it is the same, or not ours: %v", after.GetLabels())
		}
		before = after
	}
	a.mustSync([]string{"deployment.apps/web-server unchanged"}, recreatable(webDeployment))
}

func TestAnObjectWhoseLiveCopyAsksForItIsRecreated(t *testing.T) {
	a := newApp(t)
	if err := a.sync(frozen); err != nil {
		t.Fatal(err)
	}
	a.patch("frozen", `{"metadata":{"annotations":{"lockstep.dev/force":"recreate"}}}`)
	a.mustSync([]string{"configmap/frozen configured (recreated: data is immutable (data.key 1 → 2))"},
		strings.Replace(frozen, `"1"`, `"2"`, 1))
}

func TestNothingIsRecreatedBesideABadObject(t *testing.T) {
	a := newApp(t)
	if err := a.sync(webDeployment); err != nil {
		t.Fatal(err)
	}
	before := a.live("apps/v1", "Deployment", "web-server")
	bad := strings.Replace(strings.Replace(webDeployment, "web-server", "bad", 1), "replicas: 1", "replicas: -1", 1)
	err := a.sync(recreatable(otherSelector), bad)
	var all apply.Errors
	if !errors.As(err, &all) || len(all) != 1 || all[0].ID.Name != "bad" {
		t.Fatalf("error: %v", err)
	}
	if a.live("apps/v1", "Deployment", "web-server").GetUID() != before.GetUID() {
		t.Error("it was recreated")
	}
}

func TestWhatHoldsDataIsNeverRecreated(t *testing.T) {
	a := newApp(t)
	if err := a.sync(claim); err != nil {
		t.Fatal(err)
	}
	before := a.live("v1", "PersistentVolumeClaim", "data")
	err := a.sync(recreatable(strings.Replace(claim, "ReadWriteOnce", "ReadWriteMany", 1)))
	if err == nil || !strings.HasSuffix(err.Error(), ": a PersistentVolumeClaim is never recreated: undo the change, or give the object another name") {
		t.Errorf("error: %v", err)
	}
	if a.live("v1", "PersistentVolumeClaim", "data").GetUID() != before.GetUID() {
		t.Error("it was recreated")
	}
}

func TestWhatThisAppHasNotAppliedBeforeIsNotRecreated(t *testing.T) {
	a := newApp(t)
	a.clientSideApply(frozen)
	before := a.live("v1", "ConfigMap", "frozen")
	err := a.sync(recreatable(strings.Replace(frozen, `"1"`, `"2"`, 1)))
	if immutable, ok := errors.AsType[*apply.ImmutableError](err); !ok || !strings.Contains(immutable.Refused, "has not applied before") {
		t.Errorf("error: %v", err)
	}
	if a.live("v1", "ConfigMap", "frozen").GetUID() != before.GetUID() {
		t.Error("it was recreated")
	}
}

func TestAnObjectThatDoesNotGoIsNotWaitedForForever(t *testing.T) {
	a := newApp(t)
	if err := a.sync(frozen); err != nil {
		t.Fatal(err)
	}
	a.patch("frozen", `{"metadata":{"finalizers":["example.com/hold"]}}`)
	changed := recreatable(strings.Replace(frozen, `"1"`, `"2"`, 1))
	if err := a.sync(changed); err == nil || !strings.Contains(err.Error(), "finalizers let it: example.com/hold") {
		t.Fatalf("error: %v", err)
	}
	a.patch("frozen", `{"metadata":{"finalizers":null}}`)
	a.mustSync([]string{"configmap/frozen created"}, changed)
}

func TestADaemonThatIsKilledBetweenDeletionAndCreationGoesOn(t *testing.T) {
	a := newApp(t)
	if err := a.sync(frozen); err != nil {
		t.Fatal(err)
	}
	if err := a.client.Delete(t.Context(), a.live("v1", "ConfigMap", "frozen"), client.PropagationPolicy("Background")); err != nil {
		t.Fatal(err)
	}
	a.mustSync([]string{"configmap/frozen created"}, recreatable(strings.Replace(frozen, `"1"`, `"2"`, 1)))
}
