package health

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// claimNames are the PersistentVolumeClaims that p's volumes stand on.
func claimNames(p *corev1.Pod) []string {
	var names []string
	for _, volume := range p.Spec.Volumes {
		switch {
		case volume.PersistentVolumeClaim != nil:
			names = append(names, volume.PersistentVolumeClaim.ClaimName)
		case volume.Ephemeral != nil:
			names = append(names, p.Name+"-"+volume.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// begun tells a pod one of whose containers has run, or could not: its volumes are there.
func begun(p *corev1.Pod) bool {
	return slices.ContainsFunc(containers(p), func(c corev1.ContainerStatus) bool {
		w := c.State.Waiting
		return c.State.Running != nil || lastEnd(c) != nil ||
			w != nil && !slices.Contains([]string{"", "ContainerCreating", "PodInitializing"}, w.Reason)
	})
}

// waitsForClaim tells the scheduler's messages that no node fits since a claim is not there or not bound.
func waitsForClaim(message string) bool {
	message = strings.ToLower(message)
	return strings.Contains(message, "persistentvolumeclaim") || strings.Contains(message, "persistent volumes to bind")
}

// unbound says which claim of p is not bound, and why if an Event says so; nil when all are, or none is known.
func (v *view) unbound(p *corev1.Pod) *finding {
	for _, name := range claimNames(p) {
		for _, c := range v.Claims {
			if c.Namespace != p.Namespace || c.Name != name || c.Status.Phase == corev1.ClaimBound {
				continue
			}
			message := fmt.Sprintf("claim %s (%s) is %s", name, storageClass(c), orPending(c.Status.Phase))
			failed := v.listen(c.UID, saying(eventProvisioningFailed))
			if failed.times > 0 {
				message += ": " + failed.message
			}
			return &finding{
				reason: VolumePending, message: message, advice: adviseClaim(c, failed.message),
				certain: strings.Contains(failed.message, "not found") && v.missingForGood(failed.message, failed),
			}
		}
	}
	return nil
}

func orPending(phase corev1.PersistentVolumeClaimPhase) string {
	if phase == "" {
		return string(corev1.ClaimPending)
	}
	return string(phase)
}

func storageClass(c *corev1.PersistentVolumeClaim) string {
	if c.Spec.StorageClassName == nil || *c.Spec.StorageClassName == "" {
		return "no storage class"
	}
	return "storage class " + *c.Spec.StorageClassName
}

func adviseClaim(c *corev1.PersistentVolumeClaim, words string) string {
	switch {
	case c.Status.Phase == corev1.ClaimLost:
		return "Its volume is gone: restore the PersistentVolume, or make the claim anew and its data from a backup."
	case c.Spec.StorageClassName == nil || *c.Spec.StorageClassName == "":
		return "Name a storage class in the claim, give the cluster a default one, or make a PersistentVolume that fits the claim."
	case strings.Contains(words, "not found"):
		return "Name a storage class that the cluster has, or add this one (kubectl get storageclass)."
	}
	return "Check that the storage class's provisioner runs and can make such a volume (kubectl describe pvc)."
}

// configMissing finds in the kubelet's words that what cannot be mounted is a ConfigMap, a Secret, or a key of one, that
// is not there.
var configMissing = regexp.MustCompile(`(?i)(configmap|secret) "[^"]*" not found|references non-existent (config|secret) key|couldn't find key`)

// missing tells the kubelet's words for that.
func missing(message string) bool { return configMissing.MatchString(message) }

// passing are the kubelet's words while it has only just heard of the pod.
var passing = regexp.MustCompile(`failed to sync (configmap|secret) cache|not registered`)

// volumeSymptom says which volume p waits for before its containers can begin.
func (v *view) volumeSymptom(p *corev1.Pod) *finding {
	if begun(p) {
		return nil
	}
	mounts := v.listen(p.UID, func(e *corev1.Event) bool {
		return saying(eventFailedMount, eventFailedMapVolume, eventFailedAttachVolume)(e) && !passing.MatchString(e.Message)
	})
	config := v.listen(p.UID, func(e *corev1.Event) bool { return saying(eventFailedMount)(e) && missing(e.Message) })
	switch {
	case config.times > 0:
		return &finding{reason: ConfigMissing, message: config.message, certain: v.missingForGood(config.message, config)}
	case p.Spec.NodeName != "" && v.unbound(p) != nil:
		return v.unbound(p)
	case mounts.times > 0:
		return &finding{reason: VolumePending, message: mounts.message}
	}
	return nil
}
