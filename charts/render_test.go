package charts

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
)

// valuesFiles are those that the chart is tried with.
func valuesFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(chart, "ci", "*-values.yaml"))
	must(t, err)
	if len(files) == 0 {
		t.Fatal("the chart has no values to be tried with")
	}
	return files
}

// render returns the objects that Helm makes of the chart.
func render(t *testing.T, namespace string, args ...string) []*unstructured.Unstructured {
	t.Helper()
	out, err := helm(t, append([]string{"template", "lockstep", chart, "--namespace", namespace}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	return objects(t, out)
}

func objects(t *testing.T, text string) []*unstructured.Unstructured {
	t.Helper()
	var all []*unstructured.Unstructured
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader([]byte(text)), 4096)
	for {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(&object.Object)
		if errors.Is(err, io.EOF) {
			return all
		}
		must(t, err)
		if object.Object != nil {
			all = append(all, object)
		}
	}
}

// only returns the one object of a kind, as its own type.
func only[T any](t *testing.T, all []*unstructured.Unstructured, kind string) *T {
	t.Helper()
	var found []*unstructured.Unstructured
	for _, o := range all {
		if o.GetKind() == kind {
			found = append(found, o)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d objects of kind %s, want one", len(found), kind)
	}
	into := new(T)
	must(t, runtime.DefaultUnstructuredConverter.FromUnstructured(found[0].Object, into))
	return into
}

func TestTheChartPassesHelmsLinter(t *testing.T) {
	for _, values := range valuesFiles(t) {
		if out, err := helm(t, "lint", "--strict", chart, "--values", values); err != nil {
			t.Errorf("%s: %v\n%s", values, err, out)
		}
	}
}

func TestNoRoleHasMoreThanItMay(t *testing.T) {
	for _, values := range valuesFiles(t) {
		for _, o := range render(t, "tools", "--values", values) {
			if kind := o.GetKind(); kind != "Role" && kind != "ClusterRole" {
				continue
			}
			role := &rbacv1.ClusterRole{} // which has all that a Role has
			must(t, runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, role))
			for _, rule := range role.Rules {
				for _, excess := range excesses(rule) {
					t.Errorf("%s: %s %s: %s: %v", values, o.GetKind(), o.GetName(), excess, rule)
				}
			}
		}
	}
}

func excesses(rule rbacv1.PolicyRule) (found []string) {
	for _, all := range [][]string{rule.Verbs, rule.Resources, rule.APIGroups, rule.NonResourceURLs} {
		if slices.ContainsFunc(all, func(s string) bool { return strings.Contains(s, "*") }) {
			found = append(found, "a wildcard")
		}
	}
	if slices.Contains(rule.Verbs, "escalate") || slices.Contains(rule.Verbs, "bind") {
		found = append(found, "rights to get more rights")
	}
	if slices.Contains(rule.Verbs, "impersonate") && len(rule.ResourceNames) == 0 {
		found = append(found, "impersonation of anybody")
	}
	return found
}

func TestSecretsAreOnlyGivenWhereTheyAreAskedFor(t *testing.T) {
	reads := func(args ...string) bool {
		for _, o := range render(t, "tools", append(args, "--set", "repository.url=https://git.example.com/shop.git")...) {
			if o.GetKind() == "Role" && o.GetName() == "lockstep-apps" {
				role := &rbacv1.Role{}
				must(t, runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, role))
				return slices.ContainsFunc(role.Rules, func(r rbacv1.PolicyRule) bool { return slices.Contains(r.Resources, "secrets") })
			}
		}
		t.Fatal("there is no Role for apps")
		return false
	}
	if reads() || !reads("--set", "rbac.secrets=true") {
		t.Errorf("Secrets of apps: %v by default, %v when they are asked for", reads(), reads("--set", "rbac.secrets=true"))
	}
}

func TestAnAppWithAServiceAccountGivesTheDaemonNoRightToWrite(t *testing.T) {
	all := render(t, "tools", "--set", "repository.url=https://git.example.com/shop.git,app.settings.serviceAccount=team")
	for _, o := range all {
		if o.GetKind() != "Role" || o.GetName() != "lockstep-apps" {
			continue
		}
		role := &rbacv1.Role{}
		must(t, runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, role))
		for _, rule := range role.Rules {
			for _, verb := range []string{"create", "patch", "delete"} {
				if slices.Contains(rule.Verbs, verb) && !slices.Contains(rule.Resources, "events") {
					t.Errorf("%s on %v, beside the account's own rights", verb, rule.Resources)
				}
			}
		}
	}
	if role := only[rbacv1.ClusterRole](t, all, "ClusterRole"); !slices.Equal(role.Rules[0].ResourceNames,
		[]string{"system:authenticated", "system:serviceaccounts", "system:serviceaccounts:tools"}) {
		t.Errorf("groups: %v", role.Rules)
	}
}

func TestTheMemoryThatGoIsToldOfIsNineTenthsOfTheLimit(t *testing.T) {
	for limit, want := range map[string]string{
		`"1Gi"`: "966367641", `"512Mi"`: "483183820", `"1G"`: "900000000", `"1.5Gi"`: "1449551462", `"0.25Ti"`: "247390116249",
		`"129e6"`: "116100000", `"128974848000m"`: "116077363", `"1Ei"`: "1037629354146162304", `"8E"`: "3600000000000000000",
		`128974848`: "116077363", `"128974848"`: "116077363", `"65536Ki"`: "60397977",
	} {
		all := render(t, "tools", "--set", "repository.url=https://git.example.com/shop.git", "--set-json", "resources.limits.memory="+limit)
		container := only[appsv1.Deployment](t, all, "Deployment").Spec.Template.Spec.Containers[0]
		at := slices.IndexFunc(container.Env, func(e corev1.EnvVar) bool { return e.Name == "GOMEMLIMIT" })
		if at < 0 || container.Env[at].Value != want {
			t.Errorf("%s: %v, want %s", limit, container.Env, want)
		}
	}
}

// TestCopiesStayBelowTheSizeThatAPodIsEvictedAt holds what the daemon takes against what the node allows.
func TestCopiesStayBelowTheSizeThatAPodIsEvictedAt(t *testing.T) {
	all := render(t, "tools", "--set", "repository.url=https://git.example.com/shop.git", "--set", "cache.sizeLimit=10Gi")
	pod := only[appsv1.Deployment](t, all, "Deployment").Spec.Template.Spec
	if args := pod.Containers[0].Args; !slices.Contains(args, "--state-limit=9663676416") {
		t.Errorf("arguments: %v", args)
	}
	at := slices.IndexFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Name == "cache" })
	if at < 0 || pod.Volumes[at].EmptyDir.SizeLimit.String() != "10Gi" {
		t.Errorf("volumes: %v", pod.Volumes)
	}
}

// TestEveryVariableIsThereOnce holds the environment to what an API server takes in an apply: each name once.
func TestEveryVariableIsThereOnce(t *testing.T) {
	all := render(t, "tools", "--set", "repository.url=https://git.example.com/shop.git,env.GOMEMLIMIT=700MiB,env.A=b")
	seen := map[string]string{}
	for _, variable := range only[appsv1.Deployment](t, all, "Deployment").Spec.Template.Spec.Containers[0].Env {
		if _, again := seen[variable.Name]; again {
			t.Errorf("%s is there twice", variable.Name)
		}
		seen[variable.Name] = variable.Value
	}
	if seen["GOMEMLIMIT"] != "700MiB" || seen["A"] != "b" {
		t.Errorf("environment: %v", seen)
	}
}

// TestNothingSecretIsInWhatHelmKeeps holds the values to what they are for: names of Secrets, not their contents.
func TestNothingSecretIsInWhatHelmKeeps(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(chart, "values.yaml"))
	must(t, err)
	for _, word := range []string{"password:", "token:", "privateKey:", "stringData"} {
		if strings.Contains(string(text), word) {
			t.Errorf("values.yaml asks for %s", word)
		}
	}
	for _, values := range valuesFiles(t) {
		for _, o := range render(t, "tools", "--values", values) {
			if o.GetKind() == "Secret" {
				t.Errorf("%s: the chart makes Secret %s", values, o.GetName())
			}
		}
	}
}
