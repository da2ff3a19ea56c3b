package apply_test

import (
	"errors"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/clustertest"
)

// as has the app go on as a ServiceAccount of its namespace that may do to ConfigMaps and Secrets what is given.
func (a *app) as(configMaps, secrets []string) (account string) {
	a.Helper()
	name := metav1.ObjectMeta{Namespace: a.request.Namespace, Name: "deployer"}
	account = "system:serviceaccount:" + name.Namespace + ":deployer"
	role := &rbacv1.Role{ObjectMeta: name, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: configMaps},
		{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: secrets},
	}}
	binding := &rbacv1.RoleBinding{
		ObjectMeta: name, RoleRef: rbacv1.RoleRef{Kind: "Role", Name: "deployer"},
		Subjects: []rbacv1.Subject{{Kind: "ServiceAccount", Name: "deployer", Namespace: name.Namespace}},
	}
	if err := errors.Join(a.client.Create(a.Context(), role), a.client.Create(a.Context(), binding)); err != nil {
		a.Fatal(err)
	}
	config := clustertest.Config(a)
	config.Impersonate = rest.ImpersonationConfig{UserName: account, Groups: []string{"system:authenticated"}}
	c, err := client.New(config, client.Options{})
	if err != nil {
		a.Fatal(err)
	}
	a.Applier = apply.New(c, nil)
	return account
}

const pin = "apiVersion: v1\nkind: Secret\nmetadata: {name: pin}\nstringData: {pin: \"1\"}\n"

func TestARightThatIsMissingIsNamedForEveryObject(t *testing.T) {
	a := newApp(t)
	account := a.as([]string{"get", "create", "patch"}, []string{"list"})
	_, err := a.plan(pin, strings.Replace(pin, "{name: pin}", "{name: pin-2}", 1), configMap("settings", "1"))
	var all apply.Errors
	if !apierrors.IsForbidden(err) || !errors.As(err, &all) || len(all) != 2 {
		t.Fatalf("error: %v", err)
	}
	for _, want := range []string{account, "cannot get", `"secrets"`, `in the namespace "` + a.request.Namespace + `"`, "secret/pin-2"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}

func TestWhatMayNotBeReadIsNotPruned(t *testing.T) {
	a := newApp(t)
	if err := a.sync(append(settings(2), pin)...); err != nil {
		t.Fatal(err)
	}
	a.as([]string{"get", "create", "patch", "delete"}, []string{"list"})
	if _, err := a.plan(settings(1)...); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "cannot get") {
		t.Fatalf("error: %v", err)
	}
	if a.live("v1", "ConfigMap", "settings-1") == nil || a.live("v1", "Secret", "pin") == nil {
		t.Error("something was deleted")
	}
}

func TestWhatMayNotBeDeletedDoesNotKeepTheOthers(t *testing.T) {
	a := newApp(t)
	if err := a.sync(append(settings(5), pin)...); err != nil {
		t.Fatal(err)
	}
	a.as([]string{"get", "create", "patch", "delete"}, []string{"get"})
	plan, err := a.plan(settings(4)...)
	if err != nil {
		t.Fatal(err)
	}
	err = a.Prune(t.Context(), plan, func(*apply.Change) {})
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), `cannot delete resource "secrets"`) {
		t.Errorf("error: %v", err)
	}
	for _, c := range plan.Stale {
		if c.Gone() != (c.ID.Kind == "ConfigMap") {
			t.Errorf("%s is gone: %v", c, c.Gone())
		}
	}
	if a.live("v1", "ConfigMap", "settings-4") != nil || a.live("v1", "Secret", "pin") == nil {
		t.Error("the ConfigMap is there, or the Secret is not")
	}
}
