package clustertest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
)

func TestADeploymentGetsPodsWithAddressesAndEndpoints(t *testing.T) {
	c, ns := clustertest.Client(t), clustertest.Namespace(t)
	create(t, c, deployment(ns, 3, "100m"), service(ns))
	clustertest.Eventually(t, "3 ready pods with an address", func(ctx context.Context) (bool, string) {
		addresses, state := readyPods(ctx, c, ns)
		return len(addresses) == 3, state
	})
	clustertest.Eventually(t, "endpoints for exactly the ready pods", func(ctx context.Context) (bool, string) {
		pods, _ := readyPods(ctx, c, ns)
		endpoints, err := readyEndpoints(ctx, c, ns)
		same := len(endpoints) == len(pods)
		for address := range pods {
			same = same && endpoints[address]
		}
		return same, fmt.Sprintf("pods %v, endpoints %v, error %v", pods, endpoints, err)
	})
}

func TestADeletedDeploymentTakesItsPodsWithIt(t *testing.T) {
	c, ns := clustertest.Client(t), clustertest.Namespace(t)
	d := deployment(ns, 2, "100m")
	create(t, c, d)
	clustertest.Eventually(t, "2 ready pods", func(ctx context.Context) (bool, string) {
		addresses, state := readyPods(ctx, c, ns)
		return len(addresses) == 2, state
	})
	if err := c.Delete(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	clustertest.Eventually(t, "no pods", func(ctx context.Context) (bool, string) {
		var pods corev1.PodList
		err := c.List(ctx, &pods, client.InNamespace(ns))
		return err == nil && len(pods.Items) == 0, fmt.Sprintf("%d pods, error %v", len(pods.Items), err)
	})
}

func TestAPodThatFitsNowhereIsToldSoByTheScheduler(t *testing.T) {
	c, ns := clustertest.Client(t), clustertest.Namespace(t)
	create(t, c, deployment(ns, 1, "64"))
	clustertest.Eventually(t, "FailedScheduling for want of CPU", func(ctx context.Context) (bool, string) {
		var events corev1.EventList
		if err := c.List(ctx, &events, client.InNamespace(ns)); err != nil {
			return false, err.Error()
		}
		var seen []string
		for _, e := range events.Items {
			seen = append(seen, e.Reason+": "+e.Message)
			if e.Reason == "FailedScheduling" && strings.Contains(e.Message, "Insufficient cpu") {
				return true, ""
			}
		}
		return false, strings.Join(seen, "\n")
	})
}

func create(t *testing.T, c client.Client, objects ...client.Object) {
	t.Helper()
	for _, o := range objects {
		if err := c.Create(t.Context(), o); err != nil {
			t.Fatalf("create %T: %v", o, err)
		}
	}
}

// readyPods returns the addresses of the ready pods, and what there is in words.
func readyPods(ctx context.Context, c client.Client, ns string) (addresses map[string]bool, state string) {
	var pods corev1.PodList
	if err := c.List(ctx, &pods, client.InNamespace(ns)); err != nil {
		return nil, err.Error()
	}
	addresses = map[string]bool{}
	for _, p := range pods.Items {
		state += fmt.Sprintf("%s %s %q on %q\n", p.Name, p.Status.Phase, p.Status.PodIP, p.Spec.NodeName)
		for _, condition := range p.Status.Conditions {
			if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue && p.Status.PodIP != "" {
				addresses[p.Status.PodIP] = true
			}
		}
	}
	return addresses, state
}

func readyEndpoints(ctx context.Context, c client.Client, ns string) (map[string]bool, error) {
	var slices discoveryv1.EndpointSliceList
	if err := c.List(ctx, &slices, client.InNamespace(ns)); err != nil {
		return nil, err
	}
	addresses := map[string]bool{}
	for _, slice := range slices.Items {
		for _, e := range slice.Endpoints {
			if e.Conditions.Ready != nil && *e.Conditions.Ready {
				addresses[e.Addresses[0]] = true
			}
		}
	}
	return addresses, nil
}

func deployment(ns string, replicas int32, cpu string) *appsv1.Deployment {
	labels := map[string]string{"app": "web"}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: ns},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{Containers: []corev1.Container{{
					Name: "web", Image: "nginx:1.27",
					Resources: corev1.ResourceRequirements{
						Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)},
					},
				}}},
			},
		},
	}
}

func service(ns string) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: ns},
		Spec: corev1.ServiceSpec{
			Selector: map[string]string{"app": "web"},
			Ports:    []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromInt32(80)}},
		},
	}
}
