package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
)

// bindings are a Role, what binds it, and what binds a ClusterRole that Kubernetes brings.
const bindings = `apiVersion: v1
kind: ServiceAccount
metadata: {name: reader}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader}
rules:
- {apiGroups: [""], resources: [limitranges], verbs: [get, list]}
- {apiGroups: [""], resources: [limitranges], verbs: [get, list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: reader, namespace: default}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: viewer}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: reader, namespace: default}]
`

// TestTheRightsAreEnoughForRolesAndBindings takes away also what an API server wants of whoever gives rights to others.
func TestTheRightsAreEnoughForRolesAndBindings(t *testing.T) {
	const group = "rbac.authorization.k8s.io"
	for _, taken := range []one{
		{}, {verb: "list", resource: "limitranges"}, {verb: "bind", group: group, resource: "roles"}, {verb: "bind", group: group, resource: "clusterroles"},
	} {
		t.Run(taken.verb+taken.resource, func(t *testing.T) {
			t.Parallel()
			e := newTenant(t)
			e.repo.Write("bindings.yaml", bindings)
			e.repo.Commit("Give rights to a reader")
			objects := e.roles()
			taken.role = e.namespace
			if taken.verb != "" {
				if !slices.Contains(granted(t, objects), taken) {
					t.Fatalf("%+v is not among %+v", taken, granted(t, objects))
				}
				without(t, objects, taken)
			}
			e.create(objects)
			code, out, said := e.command(e.kubeconfig, "run", "--once", "--timeout", "1m")
			if isEnough := code == 0; isEnough != (taken.verb == "") {
				t.Errorf("exit code %d without %q: %s%s", code, taken.verb, out, said)
			}
		})
	}
}

func TestARoleThatIsPutTogetherFromOthersIsWrittenByName(t *testing.T) {
	e := newTenant(t)
	e.repo.Write("whole.yaml", `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: whole}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {part-of: whole}}]}
rules: []
`)
	e.repo.Commit("Put one together")
	var found []string
	for _, o := range e.roles() {
		if o.GetKind() != kindClusterRole {
			continue
		}
		for _, rule := range roleOf(t, o).Rules {
			found = append(found, fmt.Sprint(rule.Verbs, rule.Resources, rule.ResourceNames))
		}
	}
	if want := []string{"[get create patch delete] [clusterroles] []", "[escalate] [clusterroles] [whole]"}; !slices.Equal(found, want) {
		t.Errorf("%v, want %v", found, want)
	}
}

// TestOnlyWhatMayBeDeletedNeedsTheRight looks at kinds that guards keep, at what asks to be kept, and at what is recreated.
func TestOnlyWhatMayBeDeletedNeedsTheRight(t *testing.T) {
	const job, note, claim = "batch jobs", " configmaps", " persistentvolumeclaims"
	manifests := `apiVersion: batch/v1
kind: Job
metadata: {name: job, annotations: {lockstep.dev/force: recreate}}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: job, image: "nginx:1.27"}]}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: note, annotations: {lockstep.dev/prune: disabled%s}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, annotations: {lockstep.dev/force: recreate}}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Secret
metadata: {name: login}
`
	e := newTenant(t)
	e.repo.Git("rm", "-q", "*.yaml")
	deleted := func(note string, flags ...string) (kinds []string) {
		e.repo.Write("all.yaml", fmt.Sprintf(manifests, note))
		e.repo.Commit("Next " + note)
		for _, right := range granted(t, e.roles(append(flags, "--state=false")...)) {
			if right.verb == "delete" {
				kinds = append(kinds, right.group+" "+right.resource)
			}
		}
		return kinds
	}
	if got := deleted("", "--prune=false"); !slices.Equal(got, []string{job}) {
		t.Errorf("without prune: %q", got)
	}
	if got := deleted(""); !slices.Equal(got, []string{" secrets", job}) {
		t.Errorf("with prune: %q", got)
	}
	if got := deleted(`, lockstep.dev/allow-prune: "2"`); !slices.Contains(got, claim) || slices.Contains(got, note) {
		t.Errorf("with a commit that allows it: %q", got)
	}
}

// TestANamespaceThatTheManifestsBringHasToBeThereFirst wants that said beside what is printed, and the Role to do then.
func TestANamespaceThatTheManifestsBringHasToBeThereFirst(t *testing.T) {
	e := newTenant(t)
	more := clustertest.Namespace(t)
	e.repo.Write("more.yaml", fmt.Sprintf(`apiVersion: v1
kind: Namespace
metadata: {name: %[1]s}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: note, namespace: %[1]s}
`, more))
	e.repo.Commit("Bring a namespace")
	code, _, said := e.command(clustertest.Kubeconfig(t), "rbac")
	if want := "lockstep: namespace " + more + ", which the manifests bring, has to be there before its Role: kubectl create namespace " + more + "\n"; code != 0 || said != want {
		t.Errorf("exit code %d, said %q", code, said)
	}
	objects := e.roles()
	e.create(objects)
	t.Cleanup(func() {
		for _, o := range objects {
			if strings.HasPrefix(o.GetKind(), kindClusterRole) {
				_ = clustertest.Client(t).Delete(context.Background(), o)
			}
		}
	})
	if code, out, said := e.command(e.kubeconfig, "run", "--once", "--timeout", "1m"); code != 0 {
		t.Errorf("exit code %d: %s%s", code, out, said)
	}
}

// TestAccountsOfOneNameMayMeetInANamespace prints the same each time, and no Role twice.
func TestAccountsOfOneNameMayMeetInANamespace(t *testing.T) {
	e := newTenant(t)
	e.repo.Git("rm", "-q", "*.yaml")
	for _, app := range []string{"one", "two"} {
		e.repo.Write(app+"/note.yaml", fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, namespace: %s}\n", app, e.namespace))
		e.repo.Write(app+"/class.yaml", "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: "+app+"}\nvalue: 1\n")
	}
	e.repo.Commit("Two teams")
	file := filepath.Join(t.TempDir(), "lockstep.yaml")
	if err := os.WriteFile(file, []byte(fmt.Sprintf(`apiVersion: lockstep.dev/v1alpha1
kind: Config
repositories: [{name: shop, url: %q}]
apps:
- {name: one, repository: shop, path: one, namespace: one, serviceAccount: team}
- {name: two, repository: shop, path: two, namespace: two, serviceAccount: team}
`, e.repo.Dir)), 0o600); err != nil {
		t.Fatal(err)
	}
	var first string
	for range 5 {
		var out, wrong bytes.Buffer
		args := []string{"rbac", "--config", file, "--state-namespace", e.state, "--kubeconfig", clustertest.Kubeconfig(t), "--state-dir", e.stateDir}
		if code := execute(t.Context(), args, &out, &wrong); code != 0 {
			t.Fatalf("exit code %d: %s", code, &wrong)
		}
		if first == "" {
			first = out.String()
		}
		if out.String() != first {
			t.Fatalf("not the same again:\n%s\n%s", first, &out)
		}
	}
	seen := map[string]bool{}
	for document := range strings.SplitSeq(first, "---\n") {
		head, _, _ := strings.Cut(document, "rules:")
		head, _, _ = strings.Cut(head, "roleRef:")
		if seen[head] {
			t.Errorf("twice:\n%s", head)
		}
		seen[head] = true
	}
}
