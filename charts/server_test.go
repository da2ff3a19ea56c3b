package charts

import (
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TestTheAPIServerTakesEveryObject has the API server itself judge what Helm makes of each values file: every field known, every
// value valid, and every pod one that the standard "restricted" lets in.
func TestTheAPIServerTakesEveryObject(t *testing.T) {
	c, _ := cluster(t)
	definitions(t, c)
	for _, values := range valuesFiles(t) {
		t.Run(strings.TrimSuffix(values[strings.LastIndex(values, "/")+1:], "-values.yaml"), func(t *testing.T) {
			namespace := restricted(t, c)
			all := render(t, namespace, "--values", values)
			for _, o := range all {
				if into := operators(o); into != nil {
					conforms(t, o, into)
				} else {
					rehearse(t, c, o)
				}
			}
			template := only[appsv1.Deployment](t, all, "Deployment").Spec.Template
			account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: template.Spec.ServiceAccountName}}
			must(t, c.Create(t.Context(), account))
			pod := &corev1.Pod{ObjectMeta: template.ObjectMeta, Spec: template.Spec}
			pod.Namespace, pod.Name = namespace, "lockstep"
			if err := c.Create(t.Context(), pod, client.DryRunAll); err != nil {
				t.Errorf("pod: %v", err)
			}
		})
	}
}

// TestEveryNameIsOneThatTheAPIServerTakes installs under names of releases and objects that are long, or odd.
func TestEveryNameIsOneThatTheAPIServerTakes(t *testing.T) {
	c, _ := cluster(t)
	namespace := restricted(t, c)
	long := strings.Repeat("a2345678-", 6)
	for _, names := range [][2]string{
		{"my.release", ""}, {long[:53], ""}, {"lockstep", strings.Repeat(long, 2)[:63]}, {"a", "x"},
	} {
		release := strings.TrimSuffix(names[0], "-")
		out, err := helm(t, "template", release, chart, "--namespace", namespace, "--set", "fullnameOverride="+strings.TrimSuffix(names[1], "-"),
			"--set", "repository.url=ssh://git@git.example.com/shop,repository.credentialsSecret=shop,metrics.dashboard.enabled=true,shards=2")
		if err != nil {
			t.Errorf("%s: %v", names, err)
			continue
		}
		for _, o := range objects(t, out) {
			rehearse(t, c, o)
			if data, _, _ := unstructured.NestedString(o.Object, "data", "lockstep.yaml"); data != "" {
				if said := judge(t, data); said != "" {
					t.Errorf("%s: %s", release, said)
				}
			}
		}
	}
}

// rehearse has the API server say whether it would take an object, unknown fields refused.
func rehearse(t *testing.T, c client.Client, o *unstructured.Unstructured) {
	t.Helper()
	err := c.Create(t.Context(), o.DeepCopy(), client.DryRunAll, client.FieldValidation("Strict"))
	if err != nil {
		t.Errorf("%s %s: %v", o.GetKind(), o.GetName(), err)
	}
}

// TestThePodSecurityCheckWouldFail shows that the check above sees what it is there for.
func TestThePodSecurityCheckWouldFail(t *testing.T) {
	c, _ := cluster(t)
	namespace := restricted(t, c)
	all := render(t, namespace, "--set", "repository.url=https://git.example.com/shop.git")
	template := only[appsv1.Deployment](t, all, "Deployment").Spec.Template
	template.Spec.Containers[0].SecurityContext.Capabilities = nil
	template.Spec.ServiceAccountName = "default"
	must(t, client.IgnoreAlreadyExists(c.Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "default"}})))
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "lockstep"}, Spec: template.Spec}
	err := c.Create(t.Context(), pod, client.DryRunAll)
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "unrestricted capabilities") {
		t.Errorf("a pod with capabilities: %v", err)
	}
}

// definitions makes HTTPRoute known to the API server.
func definitions(t *testing.T, c client.Client) {
	t.Helper()
	kind := routeDefinition(t)
	must(t, client.IgnoreAlreadyExists(c.Create(t.Context(), kind)))
	eventually(t, kind.Name, func() (bool, string) {
		live := &apiextensionsv1.CustomResourceDefinition{}
		if err := c.Get(t.Context(), client.ObjectKeyFromObject(kind), live); err != nil {
			return false, err.Error()
		}
		for _, condition := range live.Status.Conditions {
			if condition.Type == apiextensionsv1.Established && condition.Status == apiextensionsv1.ConditionTrue {
				return true, ""
			}
		}
		return false, "not established"
	})
	eventually(t, "routes to be served", func() (bool, string) { // which begins some time after the condition
		list := &metav1.PartialObjectMetadataList{TypeMeta: metav1.TypeMeta{APIVersion: "gateway.networking.k8s.io/v1", Kind: "HTTPRouteList"}}
		err := c.List(t.Context(), list)
		return err == nil, fmt.Sprint(err)
	})
}
