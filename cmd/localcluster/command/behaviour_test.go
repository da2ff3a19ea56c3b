package command_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const namespace = metav1.NamespaceDefault

func connect(t *testing.T, config *rest.Config) kubernetes.Interface {
	t.Helper()
	c, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func access(t *testing.T, f *foreground) *rest.Config {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", f.dir.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// One cluster for all: what they make does not meet.
func TestTheClusterBehavesAsAnyDoes(t *testing.T) {
	f := start(t)
	c := connect(t, access(t, f))
	t.Run("a pod runs, is ready and has an address", func(t *testing.T) { aPodRuns(t, c) })
	t.Run("a pod that fits nowhere is told so", func(t *testing.T) { aPodFitsNowhere(t, c) })
	t.Run("a quota holds back what exceeds it", func(t *testing.T) { aQuotaHolds(t, c) })
	t.Run("an autoscaler scales to its minimum", func(t *testing.T) { anAutoscalerScales(t, c) })
	t.Run("an unknown API server is refused", func(t *testing.T) { anUnknownServerIsRefused(t, access(t, f)) })
	t.Run("without a login nothing is allowed", func(t *testing.T) { withoutLogin(t, access(t, f)) })
	t.Run("etcd asks for a certificate", func(t *testing.T) { etcdAsks(t, f) })
}

func aPodRuns(t *testing.T, c kubernetes.Interface) {
	pods := c.CoreV1().Pods(namespace)
	if _, err := pods.Create(t.Context(), pod("runs", "100m"), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a ready pod with an address", func() bool {
		p, err := pods.Get(t.Context(), "runs", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		ready := false
		for _, condition := range p.Status.Conditions {
			ready = ready || condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue
		}
		return ready && p.Status.Phase == corev1.PodRunning && p.Status.PodIP != "" && p.Spec.NodeName != ""
	})
	if err := pods.Delete(t.Context(), "runs", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the deleted pod to go", func() bool {
		_, err := pods.Get(t.Context(), "runs", metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	})
}

func aPodFitsNowhere(t *testing.T, c kubernetes.Interface) {
	if _, err := c.CoreV1().Pods(namespace).Create(t.Context(), pod("big", "64"), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "FailedScheduling", func() bool {
		events, err := c.CoreV1().Events(namespace).List(t.Context(), metav1.ListOptions{
			FieldSelector: "involvedObject.name=big,reason=FailedScheduling",
		})
		if err != nil {
			t.Fatal(err)
		}
		return len(events.Items) > 0 && strings.Contains(events.Items[0].Message, "Insufficient cpu")
	})
}

func aQuotaHolds(t *testing.T, c kubernetes.Interface) {
	name := namespaceOf(t, c, "quota")
	quota := &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "pods"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("1")}},
	}
	if _, err := c.CoreV1().ResourceQuotas(name).Create(t.Context(), quota, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	deploy(t, c, name, 3)
	eventually(t, "ReplicaFailure for the quota", func() bool {
		for _, condition := range deployment(t, c, name).Status.Conditions {
			if condition.Type == appsv1.DeploymentReplicaFailure && strings.Contains(condition.Message, "exceeded quota") {
				return true
			}
		}
		return false
	})
}

func anAutoscalerScales(t *testing.T, c kubernetes.Interface) {
	name := namespaceOf(t, c, "autoscaler")
	deploy(t, c, name, 1)
	least := int32(2)
	hpa := &autoscalingv2.HorizontalPodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "web"},
			MinReplicas:    &least,
			MaxReplicas:    5,
		},
	}
	scalers := c.AutoscalingV2().HorizontalPodAutoscalers(name)
	if _, err := scalers.Create(t.Context(), hpa, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "2 ready replicas", func() bool { return deployment(t, c, name).Status.ReadyReplicas == 2 })
}

func anUnknownServerIsRefused(t *testing.T, config *rest.Config) {
	config.CAData = nil // the system's authorities remain
	_, err := connect(t, config).CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	var unknown x509.UnknownAuthorityError
	if !errors.As(err, &unknown) && (err == nil || !strings.Contains(err.Error(), "certificate")) {
		t.Errorf("got %v", err)
	}
}

func withoutLogin(t *testing.T, config *rest.Config) {
	_, err := connect(t, rest.AnonymousClientConfig(config)).CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if !apierrors.IsForbidden(err) && !apierrors.IsUnauthorized(err) {
		t.Errorf("got %v", err)
	}
}

func etcdAsks(t *testing.T, f *foreground) {
	for _, port := range f.state.Ports[1:] {
		config := &tls.Config{InsecureSkipVerify: true} // it is the server's question that is of interest
		conn, err := tls.Dial("tcp", "127.0.0.1:"+strconv.Itoa(port), config)
		if err == nil {
			// TLS 1.3 tells a client that it is refused with the first read.
			_, err = io.ReadAll(conn)
			_ = conn.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "certificate required") {
			t.Errorf("port %d: %v", port, err)
		}
	}
}
