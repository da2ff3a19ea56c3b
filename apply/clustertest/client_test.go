package clustertest_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
)

func TestAClientKnowsPodsAndCustomResourceDefinitions(t *testing.T) {
	c := clustertest.Client(t)
	for _, list := range []client.ObjectList{&corev1.PodList{}, &apiextensionsv1.CustomResourceDefinitionList{}} {
		if err := c.List(t.Context(), list); err != nil {
			t.Errorf("list %T: %v", list, err)
		}
	}
}

func TestAConfigIsItsCallersToChange(t *testing.T) {
	first := clustertest.Config(t)
	first.CertData, first.KeyData = nil, nil
	c, err := client.New(first, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.List(t.Context(), &corev1.PodList{}); !apierrors.IsForbidden(err) {
		t.Errorf("without a certificate: %v", err)
	}
	second := clustertest.Config(t)
	if len(second.CertData) == 0 || second.QPS >= 0 {
		t.Error("the next one is changed, too, or limited")
	}
}
