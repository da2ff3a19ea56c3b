package sync_test

import (
	"errors"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/sync"
)

// rights are those that the README says an app of a Deployment and a Service needs, its state in the same namespace.
var rights = []rbacv1.PolicyRule{
	rule("apps", "deployments", "get", "create", "patch", "delete", "list", "watch"),
	rule("", "services", "get", "create", "patch", "delete", "list", "watch"),
	rule("", "pods", "list", "watch"),
	rule("apps", "replicasets", "list", "watch"),
	rule("discovery.k8s.io", "endpointslices", "list", "watch"),
	rule("autoscaling", "horizontalpodautoscalers", "list"),
	rule("", "secrets", "get", "list", "create", "update", "delete"),
	rule("", "namespaces", "get"),
}

func rule(group, resource string, verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: verbs}
}

// as returns access for a user who has these rights in the stage's namespace, and no others.
func (s *stage) as(user string, rules []rbacv1.PolicyRule) *rest.Config {
	s.Helper()
	name := metav1.ObjectMeta{Namespace: s.namespace, Name: user}
	role := &rbacv1.Role{ObjectMeta: name, Rules: rules}
	binding := &rbacv1.RoleBinding{
		ObjectMeta: name, RoleRef: rbacv1.RoleRef{Kind: "Role", Name: user},
		Subjects: []rbacv1.Subject{{Kind: rbacv1.UserKind, Name: s.namespace + ":" + user}},
	}
	if err := errors.Join(s.client.Create(s.Context(), role), s.client.Create(s.Context(), binding)); err != nil {
		s.Fatal(err)
	}
	config := clustertest.Config(s)
	config.Impersonate = rest.ImpersonationConfig{UserName: s.namespace + ":" + user, Groups: []string{"system:authenticated"}}
	return config
}

func TestTheRightsThatTheReadmeNamesAreEnough(t *testing.T) {
	s := newStage(t, options{}, web(t, 1)...)
	o := s.options
	o.config = s.as("lockstep", rights)
	for _, replicas := range []int{1, 2} {
		s.commit("web-deployment.yaml", deployment(t, replicas))
		if _, err := s.wire(s.loop.Reconciler.App, o).Reconciler.Reconcile(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	s.repo.Git("rm", "-q", "manifests/web-service.yaml")
	s.commit()
	outcome, err := s.wire(s.loop.Reconciler.App, o).Reconciler.Reconcile(t.Context())
	if err != nil || len(outcome.Plan.Stale) != 1 {
		t.Fatalf("prune: %v", err)
	}
}

func TestARightThatIsMissingIsNamed(t *testing.T) {
	for _, missing := range []string{"deployments", "services", "pods", "endpointslices", "secrets"} {
		t.Run(missing, func(t *testing.T) {
			s := newStage(t, options{}, web(t, 1)...)
			s.commit()
			var less []rbacv1.PolicyRule
			for _, rule := range rights {
				if rule.Resources[0] != missing {
					less = append(less, rule)
				}
			}
			o := s.options
			o.config = s.as("lockstep", less)
			_, err := s.wire(s.loop.Reconciler.App, o).Reconciler.Reconcile(t.Context())
			if _, ok := errors.AsType[*sync.Error](err); !ok || !strings.Contains(err.Error(), missing) || !strings.Contains(err.Error(), s.namespace) {
				t.Errorf("error: %v", err)
			}
		})
	}
}
