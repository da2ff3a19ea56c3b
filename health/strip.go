package health

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// strip drops from a watched object what no verdict reads, which is most of a pod and all of a revision's data. The
// object comes from the decoder and is nobody else's yet. Stripping twice is stripping once.
func strip(o any) (any, error) {
	accessor, err := meta.Accessor(o)
	if err != nil {
		return nil, err
	}
	accessor.SetManagedFields(nil)
	switch o := o.(type) {
	case *corev1.Pod:
		o.Annotations = nil
		if hasEnded(o) { // there may be thousands
			o.Spec = corev1.PodSpec{NodeName: o.Spec.NodeName, RestartPolicy: o.Spec.RestartPolicy}
			o.Status.Message = cut(o.Status.Message, maxWords)
		}
		o.Spec.Volumes = claimed(o.Spec.Volumes)
		slim(o.Spec.Containers)
		slim(o.Spec.InitContainers)
		unlimited(o.Spec.Containers)
		unlimited(o.Spec.InitContainers)
		o.Spec.EphemeralContainers = nil
		o.Spec.Affinity = nil
		o.Spec.Tolerations = nil
	case *corev1.Event:
		slimEvent(o)
	case *corev1.PersistentVolumeClaim:
		o.Annotations, o.Labels = nil, nil
	case *appsv1.Deployment:
		o.Annotations, o.Spec.Template = telling(o.Annotations), essence(o.Spec.Template)
	case *appsv1.StatefulSet:
		o.Annotations, o.Spec.Template = nil, essence(o.Spec.Template)
	case *appsv1.DaemonSet:
		o.Annotations, o.Spec.Template = telling(o.Annotations), essence(o.Spec.Template)
	case *appsv1.ReplicaSet:
		o.Annotations, o.Spec.Template = telling(o.Annotations), corev1.PodTemplateSpec{}
	case *corev1.Service:
		o.Annotations = nil
	case *networkingv1.Ingress:
		o.Annotations = nil
	case *appsv1.ControllerRevision:
		o.Data = runtime.RawExtension{}
	}
	return o, nil
}

// telling keeps of annotations those that say which ReplicaSet or pods are of the newest template. What kubectl applied last,
// all of it, is another.
func telling(annotations map[string]string) map[string]string {
	var kept map[string]string
	for _, key := range []string{revisionAnnotation, appsv1.DeprecatedTemplateGeneration} {
		if value, found := annotations[key]; found {
			kept = map[string]string{key: value}
		}
	}
	return kept
}

// essence keeps of a template what a verdict speaks of.
func essence(template corev1.PodTemplateSpec) corev1.PodTemplateSpec {
	spec := template.Spec
	slim(spec.Containers)
	slim(spec.InitContainers)
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: template.Labels},
		Spec: corev1.PodSpec{
			Containers: spec.Containers, InitContainers: spec.InitContainers, Volumes: claimed(spec.Volumes), Resources: spec.Resources,
		},
	}
}

// slim keeps of containers what they are called, ask for and offer. Their environment may hold secrets.
func slim(containers []corev1.Container) {
	for i := range containers {
		c := &containers[i]
		containers[i] = corev1.Container{
			Name: c.Name, Image: c.Image, Ports: c.Ports, Resources: c.Resources,
			ReadinessProbe: bare(c.ReadinessProbe), LivenessProbe: bare(c.LivenessProbe), StartupProbe: bare(c.StartupProbe),
			RestartPolicy: c.RestartPolicy,
		}
	}
}

// unlimited drops from containers of a pod their limits: the API server has made requests of those where there were none.
func unlimited(containers []corev1.Container) {
	for i := range containers {
		containers[i].Resources.Limits = nil
	}
}

// claimed keeps of volumes those that claims stand behind, and the names of those alone.
func claimed(volumes []corev1.Volume) []corev1.Volume {
	var kept []corev1.Volume
	for _, volume := range volumes {
		if volume.PersistentVolumeClaim != nil || volume.Ephemeral != nil {
			slim := corev1.Volume{Name: volume.Name, VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: volume.PersistentVolumeClaim}}
			if volume.Ephemeral != nil {
				slim.Ephemeral = &corev1.EphemeralVolumeSource{}
			}
			kept = append(kept, slim)
		}
	}
	return kept
}

// bare keeps of a probe what it is, without what it sends: headers and commands may hold secrets.
func bare(probe *corev1.Probe) *corev1.Probe {
	if probe == nil {
		return nil
	}
	kept := *probe
	if probe.Exec != nil {
		kept.Exec = &corev1.ExecAction{}
	}
	if probe.HTTPGet != nil {
		get := *probe.HTTPGet
		get.HTTPHeaders = nil
		kept.HTTPGet = &get
	}
	return &kept
}

// slimEvent keeps what is read of an Event; of one that is not read, that it is there.
func slimEvent(e *corev1.Event) {
	e.Annotations, e.Labels, e.OwnerReferences, e.Related, e.Action = nil, nil, nil, nil, ""
	e.Source, e.ReportingController, e.ReportingInstance = corev1.EventSource{}, "", ""
	e.InvolvedObject = corev1.ObjectReference{
		Kind: e.InvolvedObject.Kind, UID: e.InvolvedObject.UID, FieldPath: e.InvolvedObject.FieldPath,
	}
	if !slices.Contains(readEvents, e.Reason) {
		e.Message = ""
	}
	e.Message = cut(e.Message, maxWords)
}
