package apply_test

import (
	"errors"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/lockstep-dev/lockstep/apply"
)

const (
	job = `apiVersion: batch/v1
kind: Job
metadata: {name: migrate}
spec:
  template:
    spec: {restartPolicy: Never, containers: [{name: migrate, image: "migrate:1"}]}
`
	database = `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: database}
spec:
  replicas: 0
  serviceName: database
  selector: {matchLabels: {app: database}}
  template:
    metadata: {labels: {app: database}}
    spec: {containers: [{name: database, image: "database:1"}]}
`
	claim = `apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 2Gi}}}
`
	webService = `apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ports: [{port: 80}]}
`
	binding = `apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: readers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
`
	frozen = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: frozen}\nimmutable: true\ndata: {key: \"1\"}\n"
	token  = "apiVersion: v1\nkind: Secret\nmetadata: {name: token}\nimmutable: true\nstringData: {password: correct-horse}\n"
)

// otherSelector changes the labels of a Deployment's pods, and with them what it selects.
var otherSelector = strings.ReplaceAll(webDeployment, "{app: web}", "{app: other}")

func TestAChangeThatKubernetesLetsNobodyMakeIsNamed(t *testing.T) {
	const undo = "undo the change, or annotate the object with lockstep.dev/force: recreate to have it deleted and created anew"
	for name, c := range map[string]struct{ document, old, changed, want string }{
		"selector": {webDeployment, "{app: web}", "{app: other}", "spec.selector is immutable (selector.matchLabels.app web → other)"},
		"job": {
			job, "migrate:1", "migrate:2",
			"spec.template is immutable (containers[migrate].image migrate:1 → migrate:2)",
		},
		"statefulset": {database, "serviceName: database", "serviceName: other", "spec.serviceName is immutable (serviceName database → other)"},
		"binding":     {binding, "name: view", "name: edit", "roleRef is immutable (roleRef.name view → edit)"},
		"settings":    {frozen, `"1"`, `"2"`, "data is immutable (data.key 1 → 2)"},
		"secret":      {token, "correct-horse", "battery-staple", "data is immutable (data.password *** → ***)"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newApp(t)
			if err := a.sync(c.document, configMap("settings", "1")); err != nil {
				t.Fatal(err)
			}
			changed := strings.ReplaceAll(c.document, c.old, c.changed)
			err := a.sync(changed, configMap("settings", "2"))
			if _, ok := errors.AsType[*apply.ImmutableError](err); !ok || !apierrors.IsInvalid(err) {
				t.Fatalf("error: %v", err)
			}
			if _, message, _ := strings.Cut(err.Error(), ": "); !strings.HasSuffix(message, ": "+c.want+": "+undo) {
				t.Errorf("told %s", err)
			}
			if err := a.sync(changed); err == nil || !strings.HasSuffix(err.Error(), ": "+c.want+": "+undo) {
				t.Errorf("alone, told %s", err)
			}
		})
	}
}

func TestAVolumeClaimThatChangesIsNamed(t *testing.T) {
	for _, c := range []struct{ old, changed, want string }{
		{"2Gi", "1Gi", "spec.resources.requests.storage is immutable (resources.requests.storage 2Gi → 1Gi)"},
		{"ReadWriteOnce", "ReadWriteMany", `spec.accessModes is immutable (accessModes ["ReadWriteOnce"] → ["ReadWriteMany"])`},
	} {
		a := newApp(t)
		a.mustSync([]string{"persistentvolumeclaim/data created"}, claim)
		err := a.sync(strings.Replace(claim, c.old, c.changed, 1))
		const never = ": a PersistentVolumeClaim is never recreated: undo the change, or give the object another name"
		if err == nil || !strings.HasSuffix(err.Error(), ": "+c.want+never) {
			t.Errorf("error: %v", err)
		}
	}
}

func TestAServicesAddressThatChangesIsNamed(t *testing.T) {
	a := newApp(t)
	if err := a.sync(webService); err != nil {
		t.Fatal(err)
	}
	err := a.sync(strings.Replace(webService, "spec: {", "spec: {clusterIP: 10.96.0.99, ", 1))
	if err == nil || !strings.Contains(err.Error(), ": spec.clusterIPs[0] is immutable (clusterIP 10.96.") ||
		!strings.Contains(err.Error(), " → 10.96.0.99): undo") {
		t.Errorf("error: %v", err)
	}
}

func TestAValueThatIsWrongIsNotTakenForOneThatCannotBeChanged(t *testing.T) {
	a := newApp(t)
	if err := a.sync(webDeployment, webService); err != nil {
		t.Fatal(err)
	}
	for name, document := range map[string]string{
		"a value":                  strings.Replace(webDeployment, "replicas: 1", "replicas: -1", 1),
		"both":                     strings.Replace(otherSelector, "replicas: 1", "replicas: -1", 1),
		"a value that says so":     strings.Replace(webService, "spec: {", "spec: {type: \": field is immutable\", ", 1),
		"labels beside a selector": strings.Replace(webDeployment, "{app: web}}\n    spec", "{app: other}}\n    spec", 1),
	} {
		_, err := a.plan(document, configMap("settings", "1"))
		if _, immutable := errors.AsType[*apply.ImmutableError](err); immutable || !apierrors.IsInvalid(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
