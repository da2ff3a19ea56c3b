package apply_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	stdsync "sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/apply/object"
)

// newApps returns two apps in one namespace. Their names are nobody else's, as a Finder looks at the whole cluster.
func newApps(t *testing.T) (web, other *app) {
	t.Helper()
	web, other = newApp(t), newApp(t)
	web.request.App = web.request.Namespace
	other.request.App, other.request.Namespace = other.request.Namespace, web.request.Namespace
	return web, other
}

func finder(t *testing.T, config *rest.Config) *apply.Finder {
	t.Helper()
	f, err := apply.NewFinder(config)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// owned returns what the app owns, with nothing skipped.
func (a *app) owned() map[object.ID]inventory.Entry {
	a.Helper()
	owned, err := finder(a.T, clustertest.Config(a)).Owned(a.Context(), a.request.App)
	if err != nil || len(owned.Skipped) > 0 {
		a.Fatalf("%v, skipped %v", err, owned)
	}
	return owned.Entries
}

// manyKinds are objects of several kinds, APP in place of the app's name. The label is in every template.
const manyKinds = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web-server}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, lockstep.dev/app: APP}}
    spec: {containers: [{name: web, image: "nginx:1.27"}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: store}
spec:
  serviceName: store
  selector: {matchLabels: {app: store}}
  template:
    metadata: {labels: {app: store, lockstep.dev/app: APP}}
    spec: {containers: [{name: store, image: "nginx:1.27"}]}
  volumeClaimTemplates:
  - metadata: {name: data, labels: {lockstep.dev/app: APP}}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Service
metadata: {name: web-service}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Secret
metadata: {name: password}
stringData: {password: hunter2}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: APP}
rules: []
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.rebuild.example.com}
spec:
  group: rebuild.example.com
  scope: Namespaced
  names: {plural: gadgets, singular: gadget, kind: Gadget}
  versions:
  - {name: v1beta1, served: true, storage: false, schema: {openAPIV3Schema: {type: object}}}
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
---
apiVersion: rebuild.example.com/v1beta1
kind: Gadget
metadata: {name: one}
`

func TestALostInventoryIsFoundInTheCluster(t *testing.T) {
	web, other := newApps(t)
	name, namespace := web.request.App, web.request.Namespace
	t.Cleanup(func() {
		web.remove("apiextensions.k8s.io/v1", "CustomResourceDefinition", "gadgets.rebuild.example.com")
		web.remove("rbac.authorization.k8s.io/v1", "ClusterRole", name)
	})
	documents := []string{strings.ReplaceAll(manyKinds, "APP", name), configMap("settings", "1")}
	for a, its := range map[*app][]string{web: documents, other: {configMap("theirs", "1")}} {
		if err := a.sync(its...); err != nil {
			t.Fatal(err)
		}
	}
	web.surround(name)
	want := map[object.ID]inventory.Entry{
		{Group: "apps", Kind: "Deployment", Namespace: namespace, Name: "web-server"}:                          {Version: "v1"},
		{Group: "apps", Kind: "StatefulSet", Namespace: namespace, Name: "store"}:                              {Version: "v1"},
		{Kind: "Service", Namespace: namespace, Name: "web-service"}:                                           {Version: "v1"},
		{Kind: "Secret", Namespace: namespace, Name: "password"}:                                               {Version: "v1"},
		{Kind: "ConfigMap", Namespace: namespace, Name: "settings"}:                                            {Version: "v1"},
		{Group: "rebuild.example.com", Kind: "Gadget", Namespace: namespace, Name: "one"}:                      {Version: "v1"},
		{Group: "rbac.authorization.k8s.io", Kind: "ClusterRole", Name: name}:                                  {Version: "v1"},
		{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition", Name: "gadgets.rebuild.example.com"}: {Version: "v1"},
	}
	found := web.owned()
	if !maps.Equal(found, want) {
		t.Errorf("found\n%v\nwant\n%v", found, want)
	}
	theirs := object.ID{Kind: "ConfigMap", Namespace: namespace, Name: "theirs"}
	if got := other.owned(); !maps.Equal(got, map[object.ID]inventory.Entry{theirs: {Version: "v1"}}) {
		t.Errorf("of the other app: %v", got)
	}

	web.request.Recorded = found // and the app goes on as before
	if err := web.sync(documents...); err != nil {
		t.Fatal(err)
	}
	for _, outcome := range web.outcomes {
		if !strings.HasSuffix(outcome, " unchanged") {
			t.Error(outcome)
		}
	}
	web.request.Recorded = found
	if err := web.sync(documents[0]); err != nil || !slices.Contains(web.outcomes, "configmap/settings pruned") {
		t.Errorf("outcomes %v, %v", web.outcomes, err)
	}
}

// surround puts everything there that carries an app's label and is none of its objects, and waits until it is.
func (a *app) surround(name string) {
	a.Helper()
	kept := inventory.New(name)
	kept.Entries[object.ID{Kind: "ConfigMap", Name: "x"}] = inventory.Entry{}
	if err := inventory.NewStore(a.client, a.request.Namespace).Save(a.Context(), kept); err != nil {
		a.Fatal(err)
	}
	byHand := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		Namespace: a.request.Namespace, Name: "copy", Labels: map[string]string{apply.OwnerLabel: name},
	}}
	if err := a.client.Create(a.Context(), byHand, client.FieldOwner("kubectl-create")); err != nil {
		a.Fatal(err)
	}
	for _, made := range []client.ObjectList{ // by controllers, from templates and a Service
		&corev1.PodList{}, &corev1.PersistentVolumeClaimList{}, &discoveryv1.EndpointSliceList{},
	} {
		clustertest.Eventually(a, fmt.Sprintf("a %T with the label", made), func(ctx context.Context) (bool, string) {
			err := a.client.List(ctx, made, client.InNamespace(a.request.Namespace), client.MatchingLabels{apply.OwnerLabel: name}, client.Limit(1))
			return err == nil && items(made) > 0, fmt.Sprint(err)
		})
	}
}

func items(list client.ObjectList) int {
	switch l := list.(type) {
	case *corev1.PodList:
		return len(l.Items)
	case *corev1.PersistentVolumeClaimList:
		return len(l.Items)
	default:
		return len(list.(*discoveryv1.EndpointSliceList).Items)
	}
}

func TestAnObjectThatAControllerHasTakenIsNotTheApps(t *testing.T) {
	web, _ := newApps(t)
	if err := web.sync(settings(2)...); err != nil {
		t.Fatal(err)
	}
	web.patch("settings-1", `{"metadata":{"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"x","controller":true,`+
		`"uid":"`+string(web.live("v1", "ConfigMap", "settings-0").GetUID())+`"}]}}`)
	for id := range web.owned() {
		if id.Name != "settings-0" {
			t.Errorf("found %v", id)
		}
	}
}

func TestKindsThatMayNotBeListedAreNamed(t *testing.T) {
	web, _ := newApps(t)
	if err := web.sync(append(settings(2), "apiVersion: v1\nkind: Secret\nmetadata: {name: password}\n")...); err != nil {
		t.Fatal(err)
	}
	name := web.request.App
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"list"}},
	}}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name}, RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: name},
		Subjects: []rbacv1.Subject{{Kind: rbacv1.UserKind, Name: name}},
	}
	for _, o := range []client.Object{role, binding} {
		if err := web.client.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = web.client.Delete(context.Background(), o) })
	}
	config := clustertest.Config(t)
	config.Impersonate = rest.ImpersonationConfig{UserName: name, Groups: []string{"system:authenticated"}}
	var owned *apply.Owned
	clustertest.Eventually(t, "the rights to be known", func(ctx context.Context) (bool, string) {
		var err error
		owned, err = finder(t, config).Owned(ctx, name)
		return err == nil && !slices.Contains(owned.Skipped, "configmaps"), fmt.Sprint(err, owned)
	})
	if len(owned.Entries) != 2 {
		t.Errorf("found %v, want two", owned.Entries)
	}
	for _, kind := range []string{"deployments.apps", "secrets", "customresourcedefinitions.apiextensions.k8s.io"} {
		if !slices.Contains(owned.Skipped, kind) {
			t.Errorf("%s is not among %v", kind, owned.Skipped)
		}
	}
	if !slices.IsSorted(owned.Skipped) || slices.Contains(owned.Skipped, "events") {
		t.Errorf("skipped %v", owned.Skipped)
	}
}

// wire answers some requests itself and notes the others.
type wire struct {
	config *rest.Config
	fail   string // the last part of the paths that fail

	mu    stdsync.Mutex
	lists map[string]int // by the last part of the path
}

func newWire(t *testing.T) *wire {
	w := &wire{config: clustertest.Config(t), lists: map[string]int{}}
	w.config.Wrap(func(inner http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			last := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
			w.mu.Lock()
			w.lists[last]++
			w.mu.Unlock()
			if last == w.fail {
				return &http.Response{StatusCode: http.StatusInternalServerError, Request: r, Body: io.NopCloser(&bytes.Buffer{})}, nil
			}
			return inner.RoundTrip(r)
		})
	})
	return w
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestHalfAnAnswerIsNone(t *testing.T) {
	w := newWire(t)
	w.fail = "deployments"
	owned, err := finder(t, w.config).Owned(t.Context(), "web")
	if owned != nil || !apierrors.IsInternalError(err) || !strings.Contains(err.Error(), "find objects of web: list deployments.apps: ") {
		t.Errorf("%v, %v", owned, err)
	}
	w.fail = "apis"
	if owned, err := finder(t, w.config).Owned(t.Context(), "web"); owned != nil || err == nil || !strings.Contains(err.Error(), "discover kinds: ") {
		t.Errorf("%v, %v", owned, err)
	}
}

func TestManyObjectsAreFoundInPages(t *testing.T) {
	const objects = 600
	web, _ := newApps(t)
	if err := web.sync(settings(objects)...); err != nil {
		t.Fatal(err)
	}
	w := newWire(t)
	owned, err := finder(t, w.config).Owned(t.Context(), web.request.App)
	if err != nil || len(owned.Entries) != objects {
		t.Fatalf("found %d, %v", len(owned.Entries), err)
	}
	if w.lists["configmaps"] != 2 || w.lists["secrets"] != 1 || w.lists["events"]+w.lists["endpoints"]+w.lists["endpointslices"] != 0 {
		t.Errorf("lists: %v", w.lists)
	}
}
