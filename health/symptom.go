package health

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// finding is what one pod shows: a reason, and Kubernetes' own words for it.
type finding struct {
	reason  Reason
	message string
}

// symptom says what keeps p from being ready, from its conditions and container states; nil when nothing is known to.
func symptom(p *corev1.Pod) *finding {
	if c := podCondition(p, corev1.PodScheduled); c != nil && c.Status == corev1.ConditionFalse &&
		c.Reason == corev1.PodReasonUnschedulable {
		return &finding{Unschedulable, c.Message}
	}
	for _, c := range containers(p) {
		if found := containerSymptom(p, c); found != nil {
			return found
		}
	}
	return nil
}

// containerSymptom reads one container's state. The waiting reasons are those of the kubelet (pkg/kubelet/container and
// pkg/kubelet/images of Kubernetes).
func containerSymptom(p *corev1.Pod, c corev1.ContainerStatus) *finding {
	if w := c.State.Waiting; w != nil {
		switch w.Reason {
		case "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError",
			"RegistryUnavailable", "SignatureValidationFailed":
			return &finding{ImagePull, said(c, w.Reason, w.Message)}
		case "CreateContainerConfigError":
			return &finding{ConfigMissing, said(c, w.Reason, w.Message)}
		}
	}
	end := lastEnd(c)
	if end == nil || end.ExitCode == 0 && p.Spec.RestartPolicy != corev1.RestartPolicyAlways || c.Ready {
		return nil
	}
	if end.Reason == "OOMKilled" {
		return &finding{OOMKilled, said(c, end.Reason, fmt.Sprintf("exit code %d, %d restarts", end.ExitCode, c.RestartCount))}
	}
	if waiting := c.State.Waiting; waiting != nil && waiting.Reason == "CrashLoopBackOff" {
		return &finding{CrashLoop, said(c, fmt.Sprintf("exit code %d", end.ExitCode), waiting.Message)}
	}
	if end.ExitCode != 0 {
		return &finding{CrashLoop, said(c, fmt.Sprintf("exit code %d", end.ExitCode), end.Message)}
	}
	return nil
}

// lastEnd is how c ended last, or nil if it never did.
func lastEnd(c corev1.ContainerStatus) *corev1.ContainerStateTerminated {
	if c.State.Terminated != nil {
		return c.State.Terminated
	}
	return c.LastTerminationState.Terminated
}

// said names the container before Kubernetes' words.
func said(c corev1.ContainerStatus, reason, message string) string {
	if message == "" {
		return fmt.Sprintf("container %s: %s", c.Name, reason)
	}
	return fmt.Sprintf("container %s: %s: %s", c.Name, reason, message)
}
