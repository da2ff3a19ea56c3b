package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/git/gittest"
)

// tenant is an app and a daemon that has the rights of a ServiceAccount, and no others.
type tenant struct {
	t                    *testing.T
	repo                 *gittest.Repo
	state, namespace     string
	kubeconfig, stateDir string
}

const (
	webDeployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: %d
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "nginx:1.27", ports: [{containerPort: 80}]}]}
`
	webService  = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n"
	webSettings = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n"
)

func newTenant(t *testing.T) *tenant {
	t.Helper()
	e := &tenant{t: t, repo: gittest.New(t), state: clustertest.Namespace(t), namespace: clustertest.Namespace(t), stateDir: t.TempDir()}
	config, err := clientcmd.LoadFromFile(clustertest.Kubeconfig(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range config.AuthInfos {
		user.Impersonate = "system:serviceaccount:" + e.state + ":lockstep"
	}
	e.kubeconfig = filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, e.kubeconfig); err != nil {
		t.Fatal(err)
	}
	e.repo.Write("deployment.yaml", fmt.Sprintf(webDeployment, 1))
	e.repo.Write("service.yaml", webService)
	e.repo.Write("settings.yaml", webSettings)
	e.repo.Write("remains.yaml", strings.ReplaceAll(webSettings, "settings", "remains"))
	e.repo.Commit("First")
	return e
}

func (e *tenant) command(kubeconfig string, args ...string) (code int, stdout, stderr string) {
	var out, wrong bytes.Buffer
	args = append(args, "--repo", e.repo.Dir, "--name", "web", "-n", e.namespace, "--state-namespace", e.state,
		"--state-dir", e.stateDir, "--kubeconfig", kubeconfig)
	cmd := exec.CommandContext(e.t.Context(), "lockstep", args...) // in a process of its own, as the log of the libraries is one a process
	cmd.Stdout, cmd.Stderr = &out, &wrong
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		e.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), wrong.String()
}

// roles are what is printed for the app.
func (e *tenant) roles(args ...string) []*unstructured.Unstructured {
	e.t.Helper()
	code, stdout, stderr := e.command(clustertest.Kubeconfig(e.t), append([]string{"rbac"}, args...)...)
	if code != 0 {
		e.t.Fatalf("exit code %d: %s", code, stderr)
	}
	var all []*unstructured.Unstructured
	decoder := utilyaml.NewYAMLOrJSONDecoder(strings.NewReader(stdout), 4096)
	for {
		o := &unstructured.Unstructured{}
		err := decoder.Decode(&o.Object)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			e.t.Fatal(err)
		}
		all = append(all, o)
	}
}

func (e *tenant) create(objects []*unstructured.Unstructured) {
	e.t.Helper()
	for _, o := range objects {
		if err := clustertest.Client(e.t).Create(e.t.Context(), o.DeepCopy()); err != nil {
			e.t.Fatal(err)
		}
	}
}

// passes applies commits that create, change and prune, as far as they can be, and returns what was said.
func (e *tenant) passes() (code int, said string) {
	e.t.Helper()
	for _, edit := range []func(){
		func() {},
		func() { e.repo.Write("deployment.yaml", fmt.Sprintf(webDeployment, 2)) },
		func() { e.repo.Git("rm", "-q", "settings.yaml", "service.yaml", "deployment.yaml") },
	} {
		edit()
		e.repo.Commit("Next")
		var out, wrong string
		code, out, wrong = e.command(e.kubeconfig, "run", "--once", "--timeout", "1m")
		if said += out + wrong; code != 0 {
			break
		}
	}
	return code, said
}

func TestTheRightsThatArePrintedAreEnough(t *testing.T) {
	e := newTenant(t)
	e.create(e.roles())
	if code, said := e.passes(); code != 0 {
		t.Errorf("exit code %d: %s", code, said)
	}
}

// TestWhatAnIngressNamesMayBeLookedForByNameAlone reads what --explain prints for an Ingress with a class and a certificate.
func TestWhatAnIngressNamesMayBeLookedForByNameAlone(t *testing.T) {
	e := newTenant(t)
	e.repo.Write("ingress.yaml", `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  ingressClassName: nginx
  tls: [{secretName: shop-tls}]
  defaultBackend: {service: {name: web, port: {number: 80}}}
`)
	e.repo.Commit("Open the shop")
	found := map[string]string{}
	for _, o := range e.roles("--explain", "--state=false") {
		if o.GetKind() != "Role" && o.GetKind() != "ClusterRole" {
			continue
		}
		for _, rule := range roleOf(t, o).Rules {
			if len(rule.ResourceNames) > 0 {
				found[o.GetKind()+" "+rule.Resources[0]] = fmt.Sprint(rule.Verbs, rule.ResourceNames)
			}
		}
	}
	want := map[string]string{"Role secrets": "[get] [shop-tls]", "ClusterRole ingressclasses": "[get] [nginx]"}
	if !maps.Equal(found, want) {
		t.Errorf("by name: %v, want %v", found, want)
	}
}

// one is a single right: a verb on a resource.
type one struct{ role, verb, group, resource string }

// granted are all rights of the Roles, one by one.
func granted(t *testing.T, objects []*unstructured.Unstructured) (all []one) {
	t.Helper()
	for _, o := range objects {
		if o.GetKind() != "Role" {
			continue
		}
		for _, rule := range roleOf(t, o).Rules {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					all = append(all, one{o.GetNamespace(), verb, rule.APIGroups[0], resource})
				}
			}
		}
	}
	return all
}

func roleOf(t *testing.T, o *unstructured.Unstructured) *rbacv1.Role {
	t.Helper()
	role := &rbacv1.Role{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, role); err != nil {
		t.Fatal(err)
	}
	return role
}

// without takes one right out of the Roles.
func without(t *testing.T, objects []*unstructured.Unstructured, taken one) {
	t.Helper()
	for _, o := range objects {
		if o.GetKind() != "Role" || o.GetNamespace() != taken.role {
			continue
		}
		role := roleOf(t, o)
		var rules []rbacv1.PolicyRule
		for _, rule := range role.Rules {
			for _, resource := range rule.Resources {
				verbs := rule.Verbs
				if rule.APIGroups[0] == taken.group && resource == taken.resource {
					verbs = slices.DeleteFunc(slices.Clone(verbs), func(verb string) bool { return verb == taken.verb })
				}
				if len(verbs) == 0 {
					continue
				}
				rules = append(rules, rbacv1.PolicyRule{APIGroups: rule.APIGroups, Resources: []string{resource}, Verbs: verbs, ResourceNames: rule.ResourceNames})
			}
		}
		role.Rules = rules
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(role)
		if err != nil {
			t.Fatal(err)
		}
		o.Object = content
	}
}

// TestEachRightInTheAppsNamespaceIsNeeded takes one right after the other away: what it was for is refused, by name.
func TestEachRightInTheAppsNamespaceIsNeeded(t *testing.T) {
	e := newTenant(t)
	rights := granted(t, e.roles("--state=false"))
	if len(rights) < 20 {
		t.Fatalf("only %d rights: %v", len(rights), rights)
	}
	for _, taken := range rights {
		t.Run(taken.verb+"_"+taken.resource, func(t *testing.T) {
			t.Parallel()
			e := newTenant(t)
			objects := e.roles()
			at := taken
			at.role = e.namespace
			without(t, objects, at)
			e.create(objects)
			code, said := e.passes()
			switch {
			case taken.resource == autoscalers.Resource:
				return // without it git's replica counts are applied whatever an autoscaler says, and a warning says so
			case taken.verb == "list":
				return // an API server that streams lists does not ask for it; others do
			}
			if code == 0 {
				t.Fatalf("nobody misses %s on %s: %s", taken.verb, taken.resource, said)
			}
			for _, want := range []string{taken.verb, taken.resource, e.namespace} {
				if !strings.Contains(said, want) {
					t.Errorf("%q does not name %q", said, want)
				}
			}
		})
	}
}

func TestRightsOfAnAppWithAServiceAccountAreTheAccounts(t *testing.T) {
	e := newTenant(t)
	file := filepath.Join(t.TempDir(), "lockstep.yaml")
	text := fmt.Sprintf(`apiVersion: lockstep.dev/v1alpha1
kind: Config
repositories: [{name: shop, url: %q}]
apps: [{name: web, repository: shop, path: ., namespace: %s, serviceAccount: team}]
`, e.repo.Dir, e.namespace)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, wrong bytes.Buffer
	code := execute(t.Context(), []string{"rbac", "--config", file, "--state-namespace", e.state, "--kubeconfig", clustertest.Kubeconfig(t), "--state-dir", e.stateDir}, &out, &wrong)
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, &wrong)
	}
	for _, want := range []string{
		"  name: lockstep-apps-team\n", "- impersonate\n", "  - team\n", "  - system:serviceaccounts:" + e.namespace + "\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	_, daemons, _ := strings.Cut(out.String(), "name: lockstep-apps\n")
	daemons, _, _ = strings.Cut(daemons, "---\n")
	if strings.Contains(daemons, "- create") || strings.Contains(daemons, "- patch") || strings.Contains(daemons, "- delete") {
		t.Errorf("the daemon may write by itself:\n%s", daemons)
	}
}

func TestRightsInTheWholeClusterAreOnlyForWhatIsInNoNamespace(t *testing.T) {
	e := newTenant(t)
	for _, o := range e.roles() {
		if o.GetKind() != "Role" && o.GetKind() != "RoleBinding" {
			t.Errorf("%s %s for objects that are all in a namespace", o.GetKind(), o.GetName())
		}
	}
	e.repo.Write("widgets.yaml", `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.rbac.example.com}
spec:
  group: rbac.example.com
  scope: Cluster
  names: {plural: widgets, kind: Widget}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
---
apiVersion: rbac.example.com/v1
kind: Widget
metadata: {name: one}
`)
	e.repo.Commit("Bring a kind, and an object of it")
	var resources []string
	for _, o := range e.roles() {
		if o.GetKind() == "ClusterRole" {
			for _, rule := range roleOf(t, o).Rules {
				resources = append(resources, rule.Resources...)
			}
		}
	}
	if want := []string{"customresourcedefinitions", "widgets"}; !slices.Equal(resources, want) {
		t.Errorf("resources of the ClusterRole: %v, want %v", resources, want)
	}
	e.repo.Write("gadget.yaml", "apiVersion: rbac.example.com/v1\nkind: Gadget\nmetadata: {name: one}\n")
	e.repo.Commit("An object of a kind that nobody knows")
	code, out, wrong := e.command(clustertest.Kubeconfig(t), "rbac")
	if code != exitError || out != "" || !strings.Contains(wrong, "gadget.yaml:1") || !strings.Contains(wrong, "the cluster knows no kind Gadget in rbac.example.com/v1") {
		t.Errorf("exit code %d, %q, %q", code, out, wrong)
	}
}
