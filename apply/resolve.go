package apply

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// resolve turns manifests into changes: each object with the namespace and the label that it is applied with.
func (a *Applier) resolve(request Request) (*Plan, error) {
	plan := &Plan{App: request.App, Changes: make([]*Change, len(request.Manifests))}
	made := definitionsIn(request.Manifests)
	failed := make([]error, len(request.Manifests))
	for i, m := range request.Manifests {
		c := &Change{
			ID: m.ID, File: m.File, Line: m.Line, Desired: m.Object.DeepCopy(), Version: m.Object.GroupVersionKind().Version,
		}
		plan.Changes[i] = c
		failed[i] = a.place(c, request.Namespace, made, plan)
		if failed[i] == nil && isRecord(c.Desired, request.App) {
			failed[i] = errRecord
		}
		for _, what := range meaningless(c.Desired) {
			plan.Warnings = append(plan.Warnings, fmt.Sprintf("%s:%d: %s: %s", c.File, c.Line, c.ID, what))
		}
		own(c.Desired, request.App)
		entry, known := request.Recorded[c.ID]
		c.recorded = known && entry.Hash != "" // an entry without one says only that an apply was intended
	}
	if err := gather(plan.Changes, failed); err != nil {
		return nil, err
	}
	return plan, twice(plan.Changes)
}

// own puts the owner label on o.
func own(o *unstructured.Unstructured, app string) {
	labels := o.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	labels[OwnerLabel] = app
	o.SetLabels(labels)
}

// place gives c the namespace it belongs to: the app's if the manifest names none, none if the kind has none.
func (a *Applier) place(c *Change, namespace string, made definitions, plan *Plan) error {
	namespaced, err := a.isNamespaced(c, made)
	if err != nil {
		return err
	}
	switch given := c.Desired.GetNamespace(); {
	case !namespaced && given != "":
		c.Desired.SetNamespace("")
		plan.Warnings = append(plan.Warnings,
			fmt.Sprintf("%s:%d: %s belongs to the whole cluster: its namespace %q is ignored", c.File, c.Line, c.ID, given))
	case namespaced && given == "":
		c.Desired.SetNamespace(namespace)
	}
	c.ID = object.Of(c.Desired)
	return nil
}

func (a *Applier) isNamespaced(c *Change, made definitions) (bool, error) {
	gvk := c.Desired.GroupVersionKind()
	mapping, err := a.client.RESTMapper().RESTMapping(gvk.GroupKind(), gvk.Version)
	if err == nil {
		return mapping.Scope.Name() == meta.RESTScopeNameNamespace, a.misspelt(mapping)
	}
	if !meta.IsNoMatchError(err) {
		return false, err
	}
	if scope, ok := made[gvk]; ok {
		c.deferred = true
		return scope != "Cluster", nil
	}
	if made.brings(gvk.GroupKind()) {
		return false, &UnknownKindError{Kind: gvk, Brought: true}
	}
	return false, a.unknown(gvk)
}

// twice finds objects that became the same one when the default namespace was filled in.
func twice(changes []*Change) error {
	first := make(map[object.ID]*Change, len(changes))
	failed := make([]error, len(changes))
	for i, c := range changes {
		if other, seen := first[c.ID]; seen {
			failed[i] = fmt.Errorf("the same object is in %s:%d, in namespace %q: %w", other.File, other.Line, c.ID.Namespace, ErrTwice)
			continue
		}
		first[c.ID] = c
	}
	return gather(changes, failed)
}

// ErrTwice says that two manifests name one object.
var ErrTwice = errors.New("remove one of them")
