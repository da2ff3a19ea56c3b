package clustertest_test

import (
	"context"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
)

func TestNamespacesAreDistinctAndNamedAfterTheirTest(t *testing.T) {
	first, second := clustertest.Namespace(t), clustertest.Namespace(t)
	if first == second {
		t.Errorf("both namespaces are %s", first)
	}
	for _, ns := range []string{first, second} {
		if !strings.HasPrefix(ns, "testnamespacesaredistinct") {
			t.Errorf("namespace %s does not tell its test", ns)
		}
	}
}

func TestANamespaceGoesWhenItsTestEnds(t *testing.T) {
	c := clustertest.Client(t)
	var name string
	t.Run("inner", func(t *testing.T) { name = clustertest.Namespace(t) })
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	clustertest.Eventually(t, "the namespace to go", func(ctx context.Context) (bool, string) {
		err := c.Get(ctx, client.ObjectKeyFromObject(ns), ns)
		return client.IgnoreNotFound(err) == nil && err != nil, string(ns.Status.Phase)
	})
}
