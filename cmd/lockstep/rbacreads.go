package main

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/lockstep-dev/lockstep/apply/manifest"
	"github.com/lockstep-dev/lockstep/health"
)

// judge takes in what the daemon reads, with rights of its own, to say whether an object is healthy.
func (r *rights) judge(namespace string, writer types.NamespacedName, resource right, m manifest.Manifest) {
	at := place{namespace: namespace, subject: r.daemon}
	own, others := health.Watches(m.Object)
	if own || r.explain {
		r.allow(at, resource, look...)
	}
	for _, other := range others {
		r.allow(at, right{GroupResource: other}, look...)
	}
	if slices.Contains(scalableKinds, m.ID.GroupKind()) {
		r.allow(at, right{GroupResource: autoscalers}, look...)
		r.allow(place{namespace: namespace, subject: writer}, right{GroupResource: autoscalers}, "list")
	}
	if r.explain && namespace != "" {
		r.explains(at)
	}
	if r.explain {
		r.names(namespace, m)
	}
	if r.lists {
		r.reads(resource, others)
	}
}

// explains takes in what a verdict does without where it is not allowed.
func (r *rights) explains(at place) {
	for _, what := range []schema.GroupResource{
		{Resource: "events"}, {Resource: "persistentvolumeclaims"}, {Group: "batch", Resource: "jobs"},
	} {
		r.allow(at, right{GroupResource: what}, look...)
	}
	r.allow(at, right{GroupResource: written}, "create", "patch")
	r.allow(at, right{GroupResource: pods}, "get")
	r.allow(at, right{GroupResource: schema.GroupResource{Resource: "pods/log"}}, "get")
}

// names takes in what an object names, one by one: a verdict says whether it is there.
func (r *rights) names(namespace string, m manifest.Manifest) {
	for id, resource := range health.Names(m.Object) {
		at := place{namespace: namespace, subject: r.daemon}
		if id.GroupKind() != secret {
			at.namespace = "" // a class is the whole cluster's
		}
		r.allow(at, right{resource, id.Name}, "get")
	}
}

// reads takes in reads of the whole cluster.
func (r *rights) reads(resource right, others []schema.GroupResource) {
	everywhere := place{namespace: "", subject: r.daemon}
	r.allow(everywhere, resource, look...)
	for _, other := range slices.Concat(others, []schema.GroupResource{
		autoscalers, pods, {Resource: "events"}, {Group: "storage.k8s.io", Resource: "storageclasses"},
	}) {
		r.allow(everywhere, right{GroupResource: other}, look...)
	}
	r.allow(everywhere, right{GroupResource: schema.GroupResource{Resource: "nodes"}}, "list")
}
