package charts

import (
	"regexp"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// all is something of each kind that the chart's default lets apps have.
	all = `
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {colour: green}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {` + pod + `}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  selector: {matchLabels: {app: db}}
  template: {metadata: {labels: {app: db}}, spec: {` + pod + `}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template: {metadata: {labels: {app: agent}}, spec: {` + pod + `}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec: {schedule: 0 3 * * *, jobTemplate: {spec: {template: {spec: {restartPolicy: Never, ` + pod + `}}}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
`
	pod = `securityContext: {runAsNonRoot: true, runAsUser: 1, seccompProfile: {type: RuntimeDefault}}, containers: [{name: a, image: a, ` +
		`securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]`
)

// TestTheRightsThatTheChartGivesAreEnough has the daemon do all of its work with them: apply, prune, undo drift, go back to the last
// healthy state, and tell of it in Events.
func TestTheRightsThatTheChartGivesAreEnough(t *testing.T) {
	for mode, sets := range map[string]string{
		"namespaced": "rbac.mode=namespaced",
		"list":       "rbac.mode=list",
		"shards":     "shards=2",
		"alone":      "leaderElection.enabled=false",
		"account":    "app.settings.serviceAccount=team",
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			c, kubeconfig := cluster(t)
			namespace, shop, from := restricted(t, c), restricted(t, c), newRemote(t)
			from.commit(all)
			team(t, c, shop)
			out, err := helm(t, "install", "lockstep", chart, "--namespace", namespace, "--kubeconfig", kubeconfig, "--set", sets,
				"--set", "replicas=0,repository.interval=1s,app.settings.onFailure=rollback,app.settings.gate.timeout=8s",
				"--set", "repository.url="+from.url+",app.namespace="+shop)
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			uninstalled(t, namespace, kubeconfig)
			given(t, c, namespace, shop, mode == "list")
			d := newDaemon(t, c, kubeconfig, namespace)
			d.becomes("Healthy")
			d.answers(t, c, namespace)
			works(t, c, d, from, shop)
			for _, found := range refused.FindAllString(d.get("/metrics"), -1) {
				// Whether the server is there at all is asked by a path that is not everybody's.
				if mode == "list" && found != `lockstep_api_requests_total{code="403",verb="get"} 1` {
					t.Errorf("the API server refuses something: %s", found)
				}
			}
			told(t, c, shop)
		})
	}
}

var refused = regexp.MustCompile(`(?m)^lockstep_api_requests_total\{code="403".*$`)

// team makes the ServiceAccount that an app may act as.
func team(t *testing.T, c client.Client, shop string) {
	t.Helper()
	account := metav1.ObjectMeta{Namespace: shop, Name: "team"}
	must(t, c.Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: account}))
	must(t, c.Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: account, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "admin"},
		Subjects: []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: shop, Name: "team"}},
	}))
}

func works(t *testing.T, c client.Client, d *daemon, from *remote, shop string) {
	t.Helper()
	settings := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: shop, Name: "settings"}}
	must(t, c.Patch(t.Context(), settings, client.RawPatch("application/merge-patch+json", []byte(`{"data":{"colour":"red"}}`))))
	eventually(t, "drift to be undone", func() (bool, string) {
		must(t, c.Get(t.Context(), client.ObjectKeyFromObject(settings), settings))
		return settings.Data["colour"] == "green", settings.Data["colour"]
	})
	_, without, _ := strings.Cut(all, "---")
	from.commit(without)
	eventually(t, "what has left the repository to be gone", func() (bool, string) {
		err := c.Get(t.Context(), client.ObjectKeyFromObject(settings), settings)
		return apierrors.IsNotFound(err), "it is there"
	})
	d.becomes("Healthy")
	from.commit(strings.Replace(without, "spec: {securityContext:", "spec: {nodeSelector: {nowhere: there}, securityContext:", 1))
	d.becomes("RolledBack")
}

// told wants the Events of what works has done.
func told(t *testing.T, c client.Client, shop string) {
	t.Helper()
	eventually(t, "events", func() (bool, string) {
		list := &eventsv1.EventList{}
		must(t, c.List(t.Context(), list, client.InNamespace(shop)))
		var reasons []string
		for _, event := range list.Items {
			if event.ReportingController == "lockstep" || strings.HasPrefix(event.ReportingController, "lockstep.dev") {
				reasons = append(reasons, event.Reason)
			}
		}
		return len(reasons) > 0, strings.Join(reasons, " ")
	})
}
