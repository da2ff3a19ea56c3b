package health

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// outline is what is read of an applied object while its watch shows one that is as new: which it is, and what it said of itself
// before the apply. Of one of a passive kind, that it is on its way out, and what holds it.
type outline struct {
	apiVersion, group, kind, namespace, name string
	uid, version                             string
	generation                               int64
	conditions                               any // of the status; nil for none
	deleted, finalizers                      any // of the metadata; nil for none
	unseen                                   bool
}

func outlineOf(o *unstructured.Unstructured) outline {
	b := outline{
		apiVersion: o.GetAPIVersion(), group: o.GroupVersionKind().Group, kind: o.GetKind(), namespace: o.GetNamespace(), name: o.GetName(), uid: string(o.GetUID()),
		version: o.GetResourceVersion(), generation: o.GetGeneration(), unseen: unseen(o),
	}
	if metadata, ok := o.Object["metadata"].(map[string]any); ok {
		b.deleted, b.finalizers = metadata["deletionTimestamp"], metadata["finalizers"]
	}
	if conditions, found, err := unstructured.NestedSlice(o.Object, "status", "conditions"); found && err == nil {
		b.conditions = conditions
	}
	return b
}

func (b outline) kindOf() schema.GroupVersionKind {
	return schema.FromAPIVersionAndKind(b.apiVersion, b.kind)
}

func (b outline) id() object.ID {
	return object.ID{Group: b.group, Kind: b.kind, Namespace: b.namespace, Name: b.name}
}

// object is the object with no more than that. It shares the conditions with b, and is not to be changed.
func (b outline) object() *unstructured.Unstructured {
	metadata := map[string]any{"name": b.name, "uid": b.uid, "resourceVersion": b.version, "generation": b.generation}
	for key, value := range map[string]any{"deletionTimestamp": b.deleted, "finalizers": b.finalizers} {
		if value != nil {
			metadata[key] = value
		}
	}
	if b.namespace != "" {
		metadata["namespace"] = b.namespace
	}
	content := map[string]any{"apiVersion": b.apiVersion, "kind": b.kind, "metadata": metadata}
	if b.conditions != nil {
		content["status"] = map[string]any{"conditions": b.conditions}
	}
	return &unstructured.Unstructured{Object: content}
}

// target is an object of the check, and where it is watched.
type target struct {
	*Applied
	key     sourceKey // zero for a passive kind
	passive bool
}

// ref is what the object stands under.
func (t target) ref() string { return refName(t.outline.name) }

// with is the target as its watch shows it: the whole applied object beside a live one that may not be used.
func (t target) with(live *unstructured.Unstructured, seen string) Target {
	found := Target{Applied: t.outline.object(), Live: live, Seen: seen, Passive: t.passive}
	if !t.passive && found.freshness() != fresh {
		found.Applied = t.packed.Unpack()
	}
	return found
}

// applies reports whether the object is one of the check itself.
func (s *session) applies(id object.ID) bool {
	return slices.ContainsFunc(s.targets, func(t target) bool { return t.outline.id() == id })
}
