package charts

import (
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// given waits until the API server knows the rights that a release gives: it learns of each Role and each binding by a watch, some
// time after Helm has made it. A wide release has rights in the whole cluster as well.
func given(t *testing.T, c client.Client, namespace, shop string, wide bool) {
	t.Helper()
	asks := []authorizationv1.ResourceAttributes{
		{Namespace: shop, Verb: "list", Resource: "pods"}, {Namespace: namespace, Verb: "list", Resource: "secrets"},
	}
	if wide {
		asks = append(asks, authorizationv1.ResourceAttributes{Verb: "list", Resource: "pods"})
	}
	for _, ask := range asks {
		eventually(t, "the daemon's rights", func() (bool, string) {
			return allowed(t, c, namespace, ask), ask.String()
		})
	}
}

// mayDo asks the API server what the daemon may do.
func mayDo(t *testing.T, c client.Client, namespace, shop string) {
	t.Helper()
	for _, ask := range []struct {
		namespace, verb, group, resource, name string
		may                                    bool
	}{
		{shop, "patch", "apps", "deployments", "", true},
		{shop, "delete", "", "services", "", true},
		{shop, "watch", "discovery.k8s.io", "endpointslices", "", true},
		{shop, "list", "", "pods", "", true},
		{shop, "get", "", "secrets", "", false},
		{shop, "create", "", "pods", "", false},
		{shop, "create", "", "pods/exec", "", false},
		{shop, "create", "", "serviceaccounts/token", "", false},
		{shop, "create", "rbac.authorization.k8s.io", "roles", "", false},
		{shop, "impersonate", "", "serviceaccounts", "default", false},
		{"default", "patch", "apps", "deployments", "", false},
		{"default", "list", "", "pods", "", false},
		{"kube-system", "get", "", "secrets", "", false},
		{"", "list", "", "pods", "", false},
		{"", "get", "", "nodes", "", false},
		{"", "create", "", "namespaces", "", false},
		{namespace, "create", "", "secrets", "", true},
		{namespace, "get", "", "namespaces", namespace, true},
		{namespace, "update", "coordination.k8s.io", "leases", "lockstep", true},
		{namespace, "update", "coordination.k8s.io", "leases", "another", false},
		{namespace, "delete", "coordination.k8s.io", "leases", "", false},
		{shop, "create", "events.k8s.io", "events", "", true},
		{namespace, "patch", "apps", "deployments", "", false},
	} {
		got := allowed(t, c, namespace, authorizationv1.ResourceAttributes{
			Namespace: ask.namespace, Verb: ask.verb, Group: ask.group, Resource: ask.resource, Name: ask.name,
		})
		if got != ask.may {
			t.Errorf("the daemon may %s %s %s in %q: %v", ask.verb, ask.resource, ask.name, ask.namespace, got)
		}
	}
}

// allowed reports whether the API server lets the daemon of a namespace do something.
func allowed(t *testing.T, c client.Client, namespace string, what authorizationv1.ResourceAttributes) bool {
	t.Helper()
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: "system:serviceaccount:" + namespace + ":lockstep", Groups: []string{"system:serviceaccounts", "system:authenticated"},
		ResourceAttributes: &what,
	}}
	must(t, c.Create(t.Context(), review))
	return review.Status.Allowed
}
