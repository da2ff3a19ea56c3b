package controlplane

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// pollInterval is short, since somebody waits; the conditions are few and cheap.
const pollInterval = 25 * time.Millisecond

// checkPod is the name of the pod that proves that the cluster runs pods.
const checkPod = "localcluster-check"

// await calls done until it returns no error. When ctx ends first, the error says what was waited for, what done said
// last, and why ctx ended.
func await(ctx context.Context, what string, done func(context.Context) error) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		last := done(ctx)
		if last == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w; last seen: %w", what, context.Cause(ctx), last)
		case <-tick.C:
		}
	}
}

func awaitAPIServer(ctx context.Context, c kubernetes.Interface) error {
	return await(ctx, "the API server", func(ctx context.Context) error {
		return c.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	})
}

// awaitNodes waits until all nodes are Ready and free of taints: the node controller takes the not-ready taint away.
func awaitNodes(ctx context.Context, c kubernetes.Interface, want int) error {
	return await(ctx, "the nodes", func(ctx context.Context) error {
		list, err := c.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		ready := 0
		for _, n := range list.Items {
			if nodeReady(&n) && len(n.Spec.Taints) == 0 {
				ready++
			}
		}
		if ready < want {
			return fmt.Errorf("%d of %d nodes ready", ready, want)
		}
		return nil
	})
}

func nodeReady(n *corev1.Node) bool {
	for _, c := range n.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// awaitServiceAccount waits for the default ServiceAccount, without which no pod can be created.
func awaitServiceAccount(ctx context.Context, c kubernetes.Interface, namespace string) error {
	return await(ctx, "the default ServiceAccount of "+namespace, func(ctx context.Context) error {
		_, err := c.CoreV1().ServiceAccounts(namespace).Get(ctx, "default", metav1.GetOptions{})
		return err
	})
}

// awaitPod proves the rest with a pod: it is scheduled, becomes Ready with an address, and goes again.
func awaitPod(ctx context.Context, c kubernetes.Interface) error {
	pods := c.CoreV1().Pods(metav1.NamespaceSystem)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: checkPod},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "check", Image: "check"}}},
	}
	if _, err := pods.Create(ctx, pod, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("create pod %s: %w", checkPod, err)
	}
	if err := await(ctx, "a first pod", func(ctx context.Context) error {
		p, err := pods.Get(ctx, checkPod, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if p.Status.Phase != corev1.PodRunning || p.Status.PodIP == "" {
			return fmt.Errorf("pod %s is %s on node %q", checkPod, p.Status.Phase, p.Spec.NodeName)
		}
		return nil
	}); err != nil {
		return err
	}
	now := int64(0)
	err := pods.Delete(ctx, checkPod, metav1.DeleteOptions{GracePeriodSeconds: &now})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete pod %s: %w", checkPod, err)
	}
	return nil
}
