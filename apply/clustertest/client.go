package clustertest

import (
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Kubeconfig returns the path of the administrator's kubeconfig. It verifies the API server by its CA and logs in with a
// client certificate; its one context is lockstep-local.
func Kubeconfig(t testing.TB) string {
	t.Helper()
	return shared.get(t).kubeconfig()
}

// Config returns the administrator's access, without a client-side rate limit. It is the caller's to change.
func Config(t testing.TB) *rest.Config {
	t.Helper()
	return readConfig(t, Kubeconfig(t))
}

func readConfig(t testing.TB, kubeconfig string) *rest.Config {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatalf("read kubeconfig: %v", err)
	}
	config.QPS = -1
	return config
}

// Client returns an administrator's client that knows Kubernetes' own types and CustomResourceDefinitions.
func Client(t testing.TB) client.WithWatch {
	t.Helper()
	c, err := client.NewWithWatch(Config(t), client.Options{Scheme: newScheme(t)})
	if err != nil {
		t.Fatalf("make client: %v", err)
	}
	return c
}

func newScheme(t testing.TB) *runtime.Scheme {
	t.Helper()
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{scheme.AddToScheme, apiextensionsv1.AddToScheme} {
		if err := add(s); err != nil {
			t.Fatalf("make scheme: %v", err)
		}
	}
	return s
}
