package health

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// finding is what one pod shows: a reason, and Kubernetes' own words for it.
type finding struct {
	reason  Reason
	message string
	advice  string   // empty where the one of the reason fits
	certain bool     // time alone will not heal it
	run     *LogKey  // of a container that ended: its log may say why
	log     []string // the end of that log
	doubt   bool     // nothing says that it is so, only that nothing else is: it counts when time is up
}

// advise says what to do about it.
func (f *finding) advise(o *unstructured.Unstructured) string {
	if f.advice != "" {
		return f.advice
	}
	return advice(f.reason, o, f.message)
}

// symptom says what keeps p from being ready, from its conditions and container states, and the Events about it; nil when
// nothing is known to.
func (v *view) symptom(p *corev1.Pod) *finding {
	if found := v.unscheduled(p); found != nil {
		return found
	}
	for _, c := range containers(p) {
		if found := v.containerSymptom(p, c); found != nil {
			return found
		}
	}
	for _, symptom := range []func(*corev1.Pod) *finding{v.volumeSymptom, v.unboxed, v.neglected} {
		if found := symptom(p); found != nil {
			return found
		}
	}
	return v.unready(p)
}

// containerSymptom reads one container's state. The waiting reasons are those of the kubelet (pkg/kubelet/container and
// pkg/kubelet/images of Kubernetes).
func (v *view) containerSymptom(p *corev1.Pod, c corev1.ContainerStatus) *finding {
	if w := c.State.Waiting; w != nil {
		switch w.Reason {
		case "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError",
			"RegistryUnavailable", "SignatureValidationFailed":
			return v.imageSymptom(p, c)
		case "CreateContainerConfigError", "CreateContainerError", "PreCreateHookError", "PreStartHookError":
			return v.uncreated(p, c)
		}
	}
	if found := v.ended(p, c); found != nil {
		return found
	}
	return unstarted(c)
}

// ended is what is wrong with a container that ends where it should run.
func (v *view) ended(p *corev1.Pod, c corev1.ContainerStatus) *finding {
	end := lastEnd(c)
	if end == nil || end.ExitCode == 0 && p.Spec.RestartPolicy != corev1.RestartPolicyAlways || c.Ready && !v.relapsing(p) {
		return nil
	}
	backOff := c.State.Waiting != nil && c.State.Waiting.Reason == "CrashLoopBackOff"
	certain := backOff && end.ExitCode != 0 && c.RestartCount >= crashesEnough
	if end.Reason == "OOMKilled" {
		message := said(c, end.Reason, fmt.Sprintf("exit code %d, %s", end.ExitCode, plural(int(c.RestartCount), "restart")))
		return v.crashed(finding{reason: OOMKilled, message: message, certain: certain}, logOf(p, c))
	}
	if found := v.killed(p, c, end); found != nil {
		return found
	}
	switch words := runtimeWords(end); {
	case words != "":
		return &finding{
			reason: CrashLoop, message: said(c, exitCode(end), words), certain: certain,
			advice: "It did not start, and has no log of that: correct its command, args or workingDir, or give the image what they name.",
		}
	case backOff:
		return v.crashed(finding{reason: CrashLoop, message: said(c, exitCode(end), oneLine(c.State.Waiting.Message)), certain: certain}, logOf(p, c))
	case end.ExitCode != 0:
		return v.crashed(finding{reason: CrashLoop, message: said(c, exitCode(end), ""), certain: certain}, logOf(p, c))
	}
	return nil
}

func exitCode(end *corev1.ContainerStateTerminated) string {
	return fmt.Sprintf("exit code %d", end.ExitCode)
}

// runtimeWords are those of the container runtime about a container that it could not start. The message of any other end
// is the container's own, and may be the end of its log: it may hold secrets.
func runtimeWords(end *corev1.ContainerStateTerminated) string {
	switch end.Reason {
	case "StartError", "ContainerCannotRun":
		return oneLine(end.Message)
	}
	return ""
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
