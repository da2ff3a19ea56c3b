package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/manifest"
	"github.com/lockstep-dev/lockstep/sync"
)

// place is where somebody has rights: in a namespace, or in the whole cluster where that is empty.
type place struct {
	namespace string
	subject   types.NamespacedName // a ServiceAccount
	records   bool                 // for the daemon's own records, not for apps
}

// right is a resource, or one object of it.
type right struct {
	schema.GroupResource
	name string
}

// rights are what apps need, by whom and where.
type rights struct {
	mapper         meta.RESTMapper
	daemon         types.NamespacedName
	explain, lists bool

	brought map[schema.GroupKind]scoped // kinds whose definitions are in the manifests themselves
	spaces  map[string]bool             // namespaces that the manifests bring
	allowed map[string]bool             // apps whose manifests allow deletions that the guards are for
	verbs   map[place]map[right]map[string]bool
	held    map[place][]rbacv1.PolicyRule // what Roles of the manifests say
}

// scoped is a resource, and whether its objects are in namespaces.
type scoped struct {
	schema.GroupResource
	namespaced bool
}

var (
	write    = []string{"get", "create", "patch"}
	look     = []string{"list", "watch"}
	gkCustom = schema.GroupKind{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition"}

	secret      = schema.GroupKind{Kind: "Secret"}
	written     = schema.GroupResource{Group: "events.k8s.io", Resource: "events"}
	pods        = schema.GroupResource{Resource: "pods"}
	autoscalers = schema.GroupResource{Group: "autoscaling", Resource: "horizontalpodautoscalers"}
)

// precious are the kinds whose deletion the guards of a prune are for, and that are never recreated.
var precious = []schema.GroupKind{{Kind: "Namespace"}, gkCustom, {Kind: "PersistentVolumeClaim"}}

// scalableKinds are the kinds that an autoscaler may have the replica count of.
var scalableKinds = []schema.GroupKind{{Group: "apps", Kind: "Deployment"}, {Group: "apps", Kind: "StatefulSet"}, {Group: "apps", Kind: "ReplicaSet"}}

func newRights(mapper meta.RESTMapper, daemon types.NamespacedName) *rights {
	return &rights{
		mapper: mapper, daemon: daemon,
		brought: map[schema.GroupKind]scoped{}, allowed: map[string]bool{}, spaces: map[string]bool{},
		verbs: map[place]map[right]map[string]bool{}, held: map[place][]rbacv1.PolicyRule{},
	}
}

func (r *rights) allow(at place, what right, verbs ...string) {
	if r.verbs[at] == nil {
		r.verbs[at] = map[right]map[string]bool{}
	}
	if r.verbs[at][what] == nil {
		r.verbs[at][what] = map[string]bool{}
	}
	for _, verb := range verbs {
		r.verbs[at][what][verb] = true
	}
}

// learn takes in the kinds that manifests define: the cluster need not have them yet. It notes whether they allow deletions.
func (r *rights) learn(app sync.App, manifests []manifest.Manifest) {
	r.allowed[app.Name] = app.AllowPrune > 0 || app.Rollback // which takes away what a commit has brought
	for _, m := range manifests {
		if m.Object.GetAnnotations()[apply.AllowPruneAnnotation] != "" {
			r.allowed[app.Name] = true
		}
		if m.ID.GroupKind() == precious[0] {
			r.spaces[m.ID.Name] = true
		}
		if m.ID.GroupKind() != gkCustom {
			continue
		}
		field := func(path ...string) string {
			text, _, _ := unstructured.NestedString(m.Object.Object, path...)
			return text
		}
		group := field("spec", "group")
		r.brought[schema.GroupKind{Group: group, Kind: field("spec", "names", "kind")}] = scoped{
			schema.GroupResource{Group: group, Resource: field("spec", "names", "plural")}, field("spec", "scope") == "Namespaced",
		}
	}
}

// resource says how a manifest's kind is called where rights are given.
func (r *rights) resource(m manifest.Manifest) (scoped, error) {
	gk := m.ID.GroupKind()
	if brought, is := r.brought[gk]; is {
		return brought, nil
	}
	kind := m.Object.GroupVersionKind()
	mapping, err := r.mapper.RESTMapping(gk, kind.Version)
	if meta.IsNoMatchError(err) {
		err = &apply.UnknownKindError{Kind: kind}
	}
	if err != nil {
		return scoped{}, fmt.Errorf("%s:%d: %s: %w", m.File, m.Line, m.ID, err)
	}
	return scoped{mapping.Resource.GroupResource(), mapping.Scope.Name() == meta.RESTScopeNameNamespace}, nil
}

// add takes in what an app needs.
func (r *rights) add(app sync.App, manifests []manifest.Manifest) error {
	writer := r.writer(app)
	for _, m := range manifests {
		what, err := r.resource(m)
		if err != nil {
			return err
		}
		namespace := ""
		if what.namespaced {
			namespace = cmp.Or(m.ID.Namespace, app.Namespace)
		}
		resource, at := right{GroupResource: what.GroupResource}, place{namespace: namespace, subject: writer}
		r.allow(at, resource, write...)
		if r.deletes(app, m) {
			r.allow(at, resource, "delete")
		}
		if err := r.grants(at, m); err != nil {
			return err
		}
		r.judge(namespace, writer, resource, m)
	}
	return nil
}

// deletes reports whether an object may have to be deleted: when it leaves git, unless a guard would not let it go, or to be
// created anew.
func (r *rights) deletes(app sync.App, m manifest.Manifest) bool {
	isPrecious := slices.Contains(precious, m.ID.GroupKind())
	notes := m.Object.GetAnnotations()
	if notes[apply.ForceAnnotation] != "" && !isPrecious {
		return true
	}
	return app.Prune && notes[apply.PruneAnnotation] == "" && (!isPrecious || r.allowed[app.Name])
}

// writer is who writes an app's objects: its own ServiceAccount, for which the daemon may act, or the daemon.
func (r *rights) writer(app sync.App) types.NamespacedName {
	if app.ServiceAccount == "" {
		return r.daemon
	}
	namespace, name, _ := strings.Cut(app.ServiceAccount, "/")
	r.allow(place{namespace: namespace, subject: r.daemon}, right{schema.GroupResource{Resource: "serviceaccounts"}, name}, "impersonate")
	for _, group := range []string{"system:authenticated", "system:serviceaccounts", "system:serviceaccounts:" + namespace} {
		r.allow(place{namespace: "", subject: r.daemon}, right{schema.GroupResource{Resource: "groups"}, group}, "impersonate")
	}
	return types.NamespacedName{Namespace: namespace, Name: name}
}

// addState takes in what the daemon keeps of its own.
func (r *rights) addState() {
	at := place{r.daemon.Namespace, r.daemon, true}
	r.allow(at, right{GroupResource: schema.GroupResource{Resource: "secrets"}}, "get", "list", "watch", "create", "update", "delete")
	r.allow(at, right{schema.GroupResource{Resource: "namespaces"}, r.daemon.Namespace}, "get")
	if r.explain {
		r.allow(at, right{GroupResource: written}, "create", "patch")
	}
}
