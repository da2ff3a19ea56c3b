package charts

import (
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TestItKeepsItsOwnChartInStep commits what Helm renders of a release, and has the release keep it: a change of its own Deployment is
// applied, and what it stands on is not pruned. Helm made the objects, so their fields have to be taken from it.
func TestItKeepsItsOwnChartInStep(t *testing.T) {
	c, kubeconfig := cluster(t)
	namespace, from := restricted(t, c), newRemote(t)
	from.commit("# nothing yet\n")
	values := []string{"lockstep", chart, "--namespace", namespace, "--set", "app.settings.conflicts=force,replicas=1,rbac.mode=clusterAdmin,repository.interval=1s,repository.url=" + from.url}
	if out, err := helm(t, append([]string{"install", "--kubeconfig", kubeconfig}, values...)...); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	uninstalled(t, namespace, kubeconfig)
	commit := func(more ...string) {
		t.Helper()
		out, err := helm(t, append(append([]string{"template"}, values...), more...)...)
		must(t, err)
		from.commit(out)
	}
	commit()
	d := newDaemon(t, c, kubeconfig, namespace)
	d.becomes("Healthy")

	commit("--set", "log.level=debug")
	live := &appsv1.Deployment{}
	eventually(t, "its own Deployment to change", func() (bool, string) {
		must(t, c.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "lockstep"}, live))
		args := live.Spec.Template.Spec.Containers[0].Args
		return slices.Contains(args, "--log-level=debug"), strings.Join(args, " ")
	})
	d.becomes("Healthy")

	commit("--set", "log.level=debug,networkPolicy.enabled=false")
	d.becomes("Blocked")
	must(t, c.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "lockstep"}, &networkingv1.NetworkPolicy{}))
}
