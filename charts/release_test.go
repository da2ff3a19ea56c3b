package charts

import (
	"os"
	"path/filepath"
	"testing"

	"go.yaml.in/yaml/v3"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TestARelease plays the life of an installation on a real control plane, in a namespace that enforces "restricted".
func TestARelease(t *testing.T) {
	c, kubeconfig := cluster(t)
	namespace, shop := restricted(t, c), restricted(t, c)
	release := func(verb string, args ...string) {
		t.Helper()
		args = append([]string{verb, "lockstep", "--namespace", namespace, "--kubeconfig", kubeconfig, "--wait", "--timeout", "3m"}, args...)
		if out, err := helm(t, args...); err != nil {
			t.Fatalf("helm %s: %v\n%s", verb, err, out)
		}
	}
	release("install", previous(t), "--set", "repository.url=https://git.example.com/shop.git,path=manifests,app.namespace="+shop)
	uninstalled(t, namespace, kubeconfig)
	ready(t, c, namespace, 2)
	given(t, c, namespace, shop, false)
	mayDo(t, c, namespace, shop)

	before := uids(t, c, namespace)
	release("upgrade", chart, "--reuse-values", "--set", "replicas=3,log.level=debug,webhook.enabled=true,webhook.secret=hook,webhook.provider=github,rbac.secrets=true")
	ready(t, c, namespace, 3)
	for key, uid := range uids(t, c, namespace) {
		if before[key] != "" && before[key] != uid {
			t.Errorf("the upgrade has replaced %s", key)
		}
		delete(before, key)
	}
	for key := range before {
		t.Errorf("the upgrade has deleted %s", key)
	}

	release("upgrade", chart, "--reuse-values", "--set", "replicas=1,leaderElection.enabled=false")
	ready(t, c, namespace, 1)
	release("upgrade", chart, "--reuse-values", "--set", "replicas=2,leaderElection.enabled=true")
	ready(t, c, namespace, 2)

	workload := stays(t, c, namespace, shop)
	release("uninstall")
	for _, o := range workload {
		if err := c.Get(t.Context(), client.ObjectKeyFromObject(o), o); err != nil || o.GetDeletionTimestamp() != nil {
			t.Errorf("%s went with the release: %v", o.GetName(), err)
		}
	}
	if err := c.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "lockstep"}, &appsv1.Deployment{}); !apierrors.IsNotFound(err) {
		t.Errorf("the daemon is still there: %v", err)
	}
}

// previous is the chart as a version had it that knew fewer values: what --reuse-values goes on with has no others.
func previous(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "lockstep")
	must(t, os.CopyFS(dir, os.DirFS(chart)))
	values := defaults(t)
	delete(values, "sync")
	delete(values["repository"].(map[string]any), "timeout")
	delete(values["secrets"].(map[string]any), "notifications")
	text, err := yaml.Marshal(values)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "values.yaml"), text, 0o600))
	return dir
}

// ready waits for all pods, which have to pass the namespace's standard first.
func ready(t *testing.T, c client.Client, namespace string, replicas int32) {
	t.Helper()
	live := &appsv1.Deployment{}
	must(t, c.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "lockstep"}, live))
	if live.Status.ReadyReplicas != replicas {
		t.Errorf("%d pods are ready, want %d: %v", live.Status.ReadyReplicas, replicas, live.Status.Conditions)
	}
}

// uids are those of the release's objects that a client can list by the label.
func uids(t *testing.T, c client.Client, namespace string) map[string]types.UID {
	t.Helper()
	found := map[string]types.UID{}
	for _, kind := range []metav1.TypeMeta{
		{APIVersion: "apps/v1", Kind: "DeploymentList"},
		{APIVersion: "v1", Kind: "ServiceList"},
		{APIVersion: "v1", Kind: "ServiceAccountList"},
		{APIVersion: "v1", Kind: "ConfigMapList"},
		{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "RoleList"},
		{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "RoleBindingList"},
		{APIVersion: "policy/v1", Kind: "PodDisruptionBudgetList"},
		{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicyList"},
	} {
		list := &metav1.PartialObjectMetadataList{TypeMeta: kind}
		must(t, c.List(t.Context(), list, client.InNamespace(namespace), client.MatchingLabels{"app.kubernetes.io/instance": "lockstep"}))
		if len(list.Items) == 0 {
			t.Errorf("the release has no object in %s", kind.Kind)
		}
		for _, o := range list.Items {
			found[kind.Kind+" "+o.Name] = o.UID
		}
	}
	return found
}

// stays makes what the daemon would have: a workload, and a record of it.
func stays(t *testing.T, c client.Client, namespace, shop string) []client.Object {
	t.Helper()
	labels := map[string]string{"lockstep.dev/app": "lockstep"}
	objects := []client.Object{
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: shop, Name: "web", Labels: labels}},
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "lockstep.lockstep", Labels: labels}},
	}
	for _, o := range objects {
		must(t, c.Create(t.Context(), o))
	}
	return objects
}
