package health

import (
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// aboutConfig are the kubelet's words about a container whose ConfigMap or Secret it does not have, or has only just heard of.
var aboutConfig = regexp.MustCompile(`(?i)^(configmap|secret) |` + configMissing.String() + `|` + passing.String())

// uncreated says that the kubelet does not get as far as to start c: what its environment is made of is not there, or it
// cannot be made as it is asked for.
func (v *view) uncreated(p *corev1.Pod, c corev1.ContainerStatus) *finding {
	w := c.State.Waiting
	message := oneLine(withoutPod(w.Message, p))
	failed := v.listen(p.UID, aboutContainer(c.Name, eventFailed))
	if w.Reason == "CreateContainerConfigError" && aboutConfig.MatchString(message) {
		return &finding{reason: ConfigMissing, message: said(c, w.Reason, message), certain: missing(message) && v.missingForGood(message, failed)}
	}
	return &finding{
		reason: CreateFailed, message: said(c, w.Reason, message),
		// What is wrong with the template itself is not mended on the node; a runtime that cannot may be only too busy.
		certain: w.Reason == "CreateContainerConfigError" && failed.lasted() >= missingEnough,
	}
}

// unstarted says that c waits for something else than its turn, and nothing is known of a run before: the runtime has lost it, or
// the kubelet says what nobody here knows.
func unstarted(c corev1.ContainerStatus) *finding {
	if !stuck(c.State.Waiting) {
		return nil
	}
	f := &finding{reason: CreateFailed, message: said(c, c.State.Waiting.Reason, oneLine(c.State.Waiting.Message))}
	if c.State.Waiting.Reason == "CrashLoopBackOff" {
		f.reason = CrashLoop
	}
	return f
}

// withoutPod leaves out what the kubelet says of which pod it speaks: whoever reads it knows, and the UID makes each message another.
func withoutPod(message string, p *corev1.Pod) string {
	at := strings.Index(message, ` (pod: "`+p.Name+"_")
	if at < 0 {
		return message
	}
	return message[:at]
}

// sandboxID is what a runtime calls a sandbox that it could not make: another one with each attempt.
var sandboxID = regexp.MustCompile(` "[0-9a-f]{64}"`)

// unboxed says that the node cannot make the pod at all, before any of its containers: no network, or no runtime of the
// RuntimeClass. The first attempt may fail while the node is only just up.
func (v *view) unboxed(p *corev1.Pod) *finding {
	failed := v.listen(p.UID, saying(eventFailedSandbox))
	if begun(p) || failed.times < 2 {
		return nil
	}
	return &finding{
		reason: CreateFailed, message: sandboxID.ReplaceAllString(failed.message, ""),
		advice: "See the node's network plugin and container runtime; where it names a runtime, correct the pod's runtimeClassName.",
	}
}

// unhooked says that c did not end by itself: the kubelet killed it, since its postStart hook failed in that run. The hook
// may still hang when the container ends.
func (v *view) unhooked(p *corev1.Pod, c corev1.ContainerStatus, end *corev1.ContainerStateTerminated) *finding {
	failed := v.listen(p.UID, func(e *corev1.Event) bool {
		return aboutContainer(c.Name, eventFailedPostStart)(e) && !lastSaid(e).Before(end.StartedAt.Time)
	})
	if failed.times == 0 {
		return nil
	}
	return &finding{
		reason: CrashLoop, message: said(c, "its postStart hook failed", "killed for it, "+plural(int(c.RestartCount), "restart")),
		certain: c.RestartCount >= crashesEnough,
		advice:  "Correct the container's lifecycle.postStart, or what it needs: a container whose hook fails is killed.",
	}
}
