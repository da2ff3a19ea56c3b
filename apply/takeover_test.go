package apply_test

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/lockstep-dev/lockstep/apply"
)

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// clientSideApply makes an object as kubectl apply does.
func (a *app) clientSideApply(document string) {
	a.Helper()
	o := parse(a.T, document)
	note, err := o.MarshalJSON()
	if err != nil {
		a.Fatal(err)
	}
	o.SetNamespace(a.request.Namespace)
	annotations := maps.Clone(o.GetAnnotations())
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[lastApplied] = string(note)
	o.SetAnnotations(annotations)
	if err := a.client.Create(a.Context(), o, client.FieldOwner("kubectl-client-side-apply")); err != nil {
		a.Fatal(err)
	}
}

// serverSideApply applies an object under a manager's name, as kubectl apply --server-side does under its own.
func (a *app) serverSideApply(manager, document string) {
	a.Helper()
	o := parse(a.T, document)
	o.SetNamespace(a.request.Namespace)
	err := a.client.Apply(a.Context(), client.ApplyConfigurationFromUnstructured(o), client.FieldOwner(manager))
	if err != nil {
		a.Fatal(err)
	}
}

// managers are those of an object: "helm Update", or "kubectl Update scale".
func managers(o *unstructured.Unstructured) []string {
	var all []string
	for _, entry := range o.GetManagedFields() {
		all = append(all, strings.TrimSpace(entry.Manager+" "+string(entry.Operation)+" "+entry.Subresource))
	}
	slices.Sort(all)
	return all
}

func (a *app) wantManagers(o *unstructured.Unstructured, want ...string) {
	a.Helper()
	if got := managers(o); !slices.Equal(got, want) {
		a.Errorf("managers %q, want %q", got, want)
	}
}

func TestWhatKubectlAppliedIsTakenOverWhole(t *testing.T) {
	theirs := configMap("settings", "theirs", "team: shop") + "  gone: x\n"
	for name, made := range map[string]func(*app){
		"client side": func(a *app) { a.clientSideApply(theirs) },
		"server side": func(a *app) { a.serverSideApply("kubectl", theirs) },
		"client side, then server side": func(a *app) {
			a.clientSideApply(theirs)
			a.serverSideApply("kubectl", theirs)
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newApp(t)
			made(a)
			const told = "configmap/settings configured (data.gone removed (was x), data.key theirs → ours, " +
				"metadata.annotations.team removed (was shop), and 1 more)"
			before := a.live("v1", "ConfigMap", "settings")
			plan, err := a.plan(configMap("settings", "ours"))
			if err != nil || plan.Changes[0].String() != told {
				t.Errorf("the plan says %s, %v", plan.Changes[0], err)
			}
			if after := a.live("v1", "ConfigMap", "settings"); after.GetResourceVersion() != before.GetResourceVersion() {
				t.Error("the plan has written")
			}
			a.mustSync([]string{told}, configMap("settings", "ours"))
			live := a.live("v1", "ConfigMap", "settings")
			a.wantManagers(live, "lockstep Apply")
			if len(live.GetAnnotations()) > 0 {
				t.Errorf("annotations %v", live.GetAnnotations())
			}
			a.mustSync([]string{"configmap/settings configured (data.key removed (was ours))"},
				"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n")
		})
	}
}

func TestATakeoverLeavesADeploymentsPodsAlone(t *testing.T) {
	a := newApp(t)
	a.clientSideApply(webDeployment)
	before := a.live("apps/v1", "Deployment", "web-server")
	a.mustSync([]string{"deployment.apps/web-server configured (metadata.labels.lockstep.dev/app set to web)"}, webDeployment)
	after := a.live("apps/v1", "Deployment", "web-server")
	if !reflect.DeepEqual(before.Object["spec"], after.Object["spec"]) {
		t.Errorf("its spec was %v and is %v", before.Object["spec"], after.Object["spec"])
	}
	for _, manager := range managers(after) {
		if strings.HasPrefix(manager, "kubectl") {
			t.Errorf("managers %q", managers(after))
		}
	}
	a.mustSync([]string{"deployment.apps/web-server configured (replicas 1 → 3)"}, strings.Replace(webDeployment, "replicas: 1", "replicas: 3", 1))
}

func TestOfWhatSomebodySetWithKubectlOnlyOurPartIsTakenOver(t *testing.T) {
	for _, manager := range []string{"kubectl-create", "kubectl-edit"} {
		t.Run(manager, func(t *testing.T) {
			a := newApp(t)
			o := parse(t, configMap("settings", "1", "restarted: yesterday"))
			o.SetNamespace(a.request.Namespace)
			if err := a.client.Create(t.Context(), o, client.FieldOwner(manager)); err != nil {
				t.Fatal(err)
			}
			a.mustSync([]string{"configmap/settings configured (metadata.labels.lockstep.dev/app set to web)"}, configMap("settings", "1"))
			live := a.live("v1", "ConfigMap", "settings")
			a.wantManagers(live, manager+" Update", "lockstep Apply")
			if live.GetAnnotations()["restarted"] != "yesterday" {
				t.Errorf("annotations %v", live.GetAnnotations())
			}
			a.mustSync([]string{"configmap/settings configured (data.key removed (was 1), data.other set to 2)"},
				strings.Replace(configMap("settings", "2"), "key:", "other:", 1))
		})
	}
}

func TestATakeoverTouchesNobodyButKubectl(t *testing.T) {
	a := newApp(t)
	a.clientSideApply(configMap("settings", "theirs"))
	a.patch("settings", `{"data":{"other":"somebody's"}}`)
	before := a.entry("settings", "somebody")
	if err := a.sync(configMap("settings", "ours")); err != nil {
		t.Fatal(err)
	}
	a.wantManagers(a.live("v1", "ConfigMap", "settings"), "lockstep Apply", "somebody Update")
	if after := a.entry("settings", "somebody"); !slices.Equal(before.FieldsV1.GetRawBytes(), after.FieldsV1.GetRawBytes()) || !before.Time.Equal(after.Time) {
		t.Errorf("somebody's fields were %s at %s and are %s at %s", before.FieldsV1, before.Time, after.FieldsV1, after.Time)
	}
}

func (a *app) entry(name, manager string) metav1.ManagedFieldsEntry {
	a.Helper()
	for _, entry := range a.live("v1", "ConfigMap", name).GetManagedFields() {
		if entry.Manager == manager {
			return entry
		}
	}
	a.Fatalf("%s has no manager %s", name, manager)
	return metav1.ManagedFieldsEntry{}
}

func TestATakeoverThatWasKilledHalfWayIsGoneOnWith(t *testing.T) {
	a := newApp(t)
	a.clientSideApply(configMap("settings", "theirs") + "  gone: x\n")
	killed := errors.New("killed")
	a.Applier = apply.New(interceptor.NewClient(a.client, interceptor.Funcs{
		Apply: func(ctx context.Context, c client.WithWatch, o runtime.ApplyConfiguration, options ...client.ApplyOption) error {
			if written := (&client.ApplyOptions{}).ApplyOptions(options); len(written.DryRun) == 0 {
				return killed
			}
			return c.Apply(ctx, o, options...)
		},
	}), nil)
	if err := a.sync(configMap("settings", "ours")); !errors.Is(err, killed) {
		t.Fatalf("error: %v", err)
	}
	half := a.live("v1", "ConfigMap", "settings")
	a.wantManagers(half, "lockstep Apply")
	if value, _, _ := unstructured.NestedString(half.Object, "data", "gone"); value != "x" {
		t.Errorf("data %v", half.Object["data"])
	}
	a.Applier = apply.New(a.client, nil)
	a.mustSync([]string{
		"configmap/settings configured (data.gone removed (was x), data.key theirs → ours, metadata.labels.lockstep.dev/app set to web)",
	}, configMap("settings", "ours"))
}

func TestWhatKubectlDoesLaterIsDrift(t *testing.T) {
	a := newApp(t)
	a.mustSync([]string{"configmap/settings created"}, configMap("settings", "1"))
	live := a.live("v1", "ConfigMap", "settings")
	change := []byte(`{"data":{"key":"edited","theirs":"x"}}`)
	if err := a.client.Patch(t.Context(), live, client.RawPatch("application/merge-patch+json", change), client.FieldOwner("kubectl-edit")); err != nil {
		t.Fatal(err)
	}
	a.mustSync([]string{"configmap/settings configured (data.key edited → 1; drift by kubectl-edit)"}, configMap("settings", "1"))
	a.wantManagers(a.live("v1", "ConfigMap", "settings"), "kubectl-edit Update", "lockstep Apply")
}

func TestTheNoteOfASecretThatKubectlAppliedIsNotShown(t *testing.T) {
	const canary = "correct-horse-battery"
	a := newApp(t)
	secret := "apiVersion: v1\nkind: Secret\nmetadata: {name: token}\nstringData: {password: " + canary + ", gone: " + canary + "}\n"
	a.clientSideApply(secret)
	if err := a.sync(strings.Replace(secret, ", gone: "+canary, "", 1)); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(a.outcomes, "\n")
	if !strings.Contains(text, "data.gone removed (was ***)") || strings.Contains(text, canary) || strings.Contains(text, lastApplied) {
		t.Errorf("told %s", text)
	}
}
