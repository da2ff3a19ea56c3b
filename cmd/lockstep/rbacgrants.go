package main

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/lockstep-dev/lockstep/apply/manifest"
)

const (
	kindRole        = "Role"
	kindClusterRole = "ClusterRole"
)

// grants takes in what the API server wants of whoever writes a Role or a binding: nobody gives a right that is not theirs. Of a
// Role that is the rights that it has. Of a binding it is to bind its Role by name: its rights alone would do only once that is there,
// and a commit may bring both.
func (r *rights) grants(at place, m manifest.Manifest) error {
	if m.ID.Group != rbacv1.GroupName {
		return nil
	}
	switch m.ID.Kind {
	case kindRole, kindClusterRole:
		return r.holds(at, m)
	case "RoleBinding", "ClusterRoleBinding":
		return r.binds(at, m)
	}
	return nil
}

// holds takes in the rights of a Role. Those of one that is put together from others are not known: it may be written whatever it
// comes to have.
func (r *rights) holds(at place, m manifest.Manifest) error {
	var role rbacv1.ClusterRole // a Role has the same rules
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(m.Object.Object, &role); err != nil {
		return fmt.Errorf("%s:%d: %s: %w", m.File, m.Line, m.ID, err)
	}
	if role.AggregationRule != nil {
		r.allow(at, right{schema.GroupResource{Group: rbacv1.GroupName, Resource: "clusterroles"}, role.Name}, "escalate")
	}
	r.held[at] = append(r.held[at], role.Rules...)
	return nil
}

// binds takes in the right to bind the Role of a binding.
func (r *rights) binds(at place, m manifest.Manifest) error {
	var binding rbacv1.RoleBinding // a ClusterRoleBinding has the same reference
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(m.Object.Object, &binding); err != nil {
		return fmt.Errorf("%s:%d: %s: %w", m.File, m.Line, m.ID, err)
	}
	resource := "clusterroles"
	if binding.RoleRef.Kind == kindRole {
		resource = "roles"
	}
	r.allow(at, right{schema.GroupResource{Group: rbacv1.GroupName, Resource: resource}, binding.RoleRef.Name}, "bind")
	return nil
}

// heldAt are the rights that Roles of the manifests have somewhere, each once and in order.
func (r *rights) heldAt(at place) []rbacv1.PolicyRule {
	rules := slices.SortedFunc(slices.Values(r.held[at]), func(a, b rbacv1.PolicyRule) int { return cmp.Compare(a.String(), b.String()) })
	return slices.CompactFunc(rules, func(a, b rbacv1.PolicyRule) bool { return reflect.DeepEqual(a, b) })
}
