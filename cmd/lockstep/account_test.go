package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/git/gittest"
	"github.com/lockstep-dev/lockstep/sync"
)

// team makes a ServiceAccount that may look after ConfigMaps of its namespace, and nothing else.
func team(t *testing.T, c client.Client, namespace string) {
	t.Helper()
	name := metav1.ObjectMeta{Namespace: namespace, Name: "team"}
	for _, o := range []client.Object{
		&corev1.ServiceAccount{ObjectMeta: name},
		&rbacv1.Role{ObjectMeta: name, Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"get", "create", "patch"}},
		}},
		&rbacv1.RoleBinding{
			ObjectMeta: name, RoleRef: rbacv1.RoleRef{Kind: "Role", Name: "team"},
			Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: "team"}},
		},
	} {
		if err := c.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
}

type silence struct{}

func (silence) Observe(context.Context, sync.Event) {}

func TestAnAppCanDoNoMoreThanItsServiceAccount(t *testing.T) {
	c, namespace, repo := clustertest.Client(t), clustertest.Namespace(t), gittest.New(t)
	team(t, c, namespace)
	flags := clusterFlags{kubeconfig: clustertest.Kubeconfig(t), stateNamespace: clustertest.Namespace(t)}
	w, err := flags.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	repository, err := git.Open(git.Options{URL: repo.Dir, Branch: "main", Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = repository.Close() }()
	r, err := w.build(sync.App{
		Name: "web", Repository: repo.Dir, Path: ".", Namespace: namespace, ServiceAccount: namespace + "/team", Timeout: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Source, r.Observer = repository, silence{}
	live := func(name string) error {
		return c.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: name}, &corev1.ConfigMap{})
	}

	repo.Write("first.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: first}\n")
	repo.Commit("What the team may")
	if _, err := r.Reconcile(t.Context()); err != nil || live("first") != nil {
		t.Fatalf("%v, live: %v", err, live("first"))
	}
	repo.Write("second.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: second}\n")
	repo.Write("secret.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: token}\nstringData: {token: t}\n")
	repo.Commit("What it may not")
	_, err = r.Reconcile(t.Context())
	if failed, ok := errors.AsType[*sync.Error](err); !ok || failed.Step != sync.StepPlan {
		t.Fatalf("error: %v", err)
	}
	for _, want := range []string{"system:serviceaccount:" + namespace + ":team", "cannot patch", `"secrets"`, `namespace "` + namespace + `"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q, want %q", err, want)
		}
	}
	if err := live("second"); !apierrors.IsNotFound(err) {
		t.Errorf("something of the commit was applied: %v", err)
	}
}
