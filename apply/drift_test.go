package apply_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply"
)

// patch changes a live ConfigMap as somebody with kubectl would.
func (a *app) patch(name, change string) {
	a.Helper()
	live := a.live("v1", "ConfigMap", name)
	if err := a.client.Patch(a.Context(), live, client.RawPatch(types.MergePatchType, []byte(change)), client.FieldOwner("somebody")); err != nil {
		a.Fatal(err)
	}
}

func TestAFieldThatSomebodyChangedIsSetBack(t *testing.T) {
	a := newApp(t)
	a.mustSync([]string{"configmap/settings created"}, configMap("settings", "1"))
	a.patch("settings", `{"data":{"key":"theirs"}}`)
	a.mustSync([]string{"configmap/settings configured (data.key theirs → 1; drift by somebody)"}, configMap("settings", "1"))
}

func TestAFieldThatGitDoesNotNameStaysWhoseItIs(t *testing.T) {
	a := newApp(t)
	a.mustSync([]string{"configmap/settings created"}, configMap("settings", "1"))
	a.patch("settings", `{"data":{"other":"theirs"}}`)
	a.mustSync([]string{"configmap/settings unchanged"}, configMap("settings", "1"))
	a.mustSync([]string{"configmap/settings configured (data.key 1 → 2)"}, configMap("settings", "2"))
	if other, _, _ := unstructured.NestedString(a.live("v1", "ConfigMap", "settings").Object, "data", "other"); other != "theirs" {
		t.Errorf("their field is %q", other)
	}
}

func TestAFieldThatLeavesGitLeavesTheObject(t *testing.T) {
	a := newApp(t)
	a.mustSync([]string{"configmap/settings created"}, configMap("settings", "1")+"  more: x\n")
	a.mustSync([]string{"configmap/settings configured (data.more removed (was x))"}, configMap("settings", "1"))
}

func TestAnObjectOfAnotherManagerIsAConflictThatNamesHim(t *testing.T) {
	a := newApp(t)
	theirs := parse(t, configMap("settings", "theirs"))
	theirs.SetNamespace(a.request.Namespace)
	if err := a.client.Create(t.Context(), theirs, client.FieldOwner("helm")); err != nil {
		t.Fatal(err)
	}
	err := a.sync(configMap("settings", "ours"))
	var conflict *apply.ConflictError
	if !errors.As(err, &conflict) || !slices.Equal(conflict.Managers, []string{"helm"}) || !slices.Equal(conflict.Fields, []string{".data.key"}) {
		t.Fatalf("error: %v", err)
	}
	if value, _, _ := unstructured.NestedString(a.live("v1", "ConfigMap", "settings").Object, "data", "key"); value != "theirs" {
		t.Errorf("their value is now %q", value)
	}
}

func TestAnObjectOfKubectlsIsTakenOver(t *testing.T) {
	for _, manager := range []string{"kubectl", "kubectl-client-side-apply", "kubectl-create", "kubectl-edit"} {
		t.Run(manager, func(t *testing.T) {
			a := newApp(t)
			theirs := parse(t, configMap("settings", "theirs"))
			theirs.SetNamespace(a.request.Namespace)
			if err := a.client.Create(t.Context(), theirs, client.FieldOwner(manager)); err != nil {
				t.Fatal(err)
			}
			if err := a.sync(configMap("settings", "ours")); err != nil {
				t.Fatal(err)
			}
			if value, _, _ := unstructured.NestedString(a.live("v1", "ConfigMap", "settings").Object, "data", "key"); value != "ours" {
				t.Errorf("the value is still %q", value)
			}
		})
	}
}

func TestAnObjectThatAsksToBeLeftAloneIs(t *testing.T) {
	a := newApp(t)
	a.mustSync([]string{"configmap/settings created"}, configMap("settings", "1"))
	a.patch("settings", `{"metadata":{"annotations":{"lockstep.dev/reconcile":"disabled"}},"data":{"key":"by hand"}}`)
	a.mustSync([]string{"configmap/settings skipped (lockstep.dev/reconcile: disabled on the live object)"}, configMap("settings", "2"))
	a.mustSync([]string{
		"configmap/fresh skipped (lockstep.dev/reconcile: disabled in git)",
		"configmap/settings skipped (lockstep.dev/reconcile: disabled on the live object)", // not pruned either
	},
		configMap("fresh", "1", `lockstep.dev/reconcile: disabled`))
}

func TestAnAutoscalersCountIsNotFought(t *testing.T) {
	a := newApp(t)
	hpa := `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {minReplicas: 3, maxReplicas: 10, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web-server}}
`
	a.mustSync([]string{"deployment.apps/web-server created", "horizontalpodautoscaler.autoscaling/web created"}, webDeployment, hpa)
	scale := parse(t, "apiVersion: autoscaling/v1\nkind: Scale\nmetadata: {name: web-server}\nspec: {replicas: 7}\n")
	err := a.client.SubResource("scale").Update(t.Context(), a.live("apps/v1", "Deployment", "web-server"),
		client.WithSubResourceBody(scale), client.FieldOwner("kube-controller-manager"))
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(webDeployment, "1.27", "1.28", 1)
	if err := a.sync(changed, hpa); err != nil {
		t.Fatal(err)
	}
	live := a.live("apps/v1", "Deployment", "web-server")
	if replicas, _, _ := unstructured.NestedInt64(live.Object, "spec", "replicas"); replicas < 3 {
		t.Errorf("the count fell to %d", replicas)
	}
	if !strings.Contains(strings.Join(a.outcomes, "\n"), "nginx:1.27 → nginx:1.28)") {
		t.Errorf("outcomes %q", a.outcomes)
	}
}

func TestDriftThatIsOnlyReportedIsNamedAndStays(t *testing.T) {
	a := newApp(t)
	a.mustSync([]string{"configmap/settings created"}, configMap("settings", "1"))
	a.patch("settings", `{"data":{"key":"theirs"}}`)
	a.request.DetectOnly = true
	a.mustSync([]string{"configmap/settings skipped (drift: it is only reported: data.key theirs → 1; drift by somebody)"}, configMap("settings", "1"))
	if value, _, _ := unstructured.NestedString(a.live("v1", "ConfigMap", "settings").Object, "data", "key"); value != "theirs" {
		t.Errorf("the value is now %q", value)
	}
}

func TestDriftThatSomebodySetBackHimselfIsNoneToReport(t *testing.T) {
	a := newApp(t)
	a.mustSync([]string{"configmap/settings created"}, configMap("settings", "1"))
	a.request.DetectOnly = true
	for value, want := range map[string][]string{
		"theirs": {"configmap/settings: drift: it is only reported: data.key theirs → 1; drift by somebody"},
		"1":      nil,
	} {
		a.patch("settings", `{"data":{"key":"theirs"}}`) // so that the field is his, whatever its value
		a.patch("settings", `{"data":{"key":"`+value+`"}}`)
		plan, err := a.plan(configMap("settings", "1"))
		if err != nil || !slices.Equal(plan.Warnings, want) || plan.Changes[0].Action != apply.Skipped {
			t.Errorf("%s: %v, warnings %q", value, err, plan.Warnings)
		}
	}
}
