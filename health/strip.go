package health

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
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
		o.Spec.Volumes = claimed(o.Spec.Volumes)
		slim(o.Spec.Containers)
		slim(o.Spec.InitContainers)
		o.Spec.EphemeralContainers = nil
		o.Spec.Affinity = nil
		o.Spec.Tolerations = nil
	case *corev1.Event:
		slimEvent(o)
	case *corev1.PersistentVolumeClaim:
		o.Annotations, o.Labels = nil, nil
	case *appsv1.Deployment:
		unspoken(&o.Spec.Template)
	case *appsv1.StatefulSet:
		unspoken(&o.Spec.Template)
	case *appsv1.DaemonSet:
		unspoken(&o.Spec.Template)
	case *appsv1.ReplicaSet:
		o.Spec.Template = corev1.PodTemplateSpec{}
	case *appsv1.ControllerRevision:
		o.Data = runtime.RawExtension{}
	}
	return o, nil
}

// unspoken drops from a template what may hold secrets, of which no verdict speaks.
func unspoken(template *corev1.PodTemplateSpec) {
	for _, containers := range [][]corev1.Container{template.Spec.Containers, template.Spec.InitContainers} {
		for i := range containers {
			containers[i].Env, containers[i].EnvFrom, containers[i].Command, containers[i].Args = nil, nil, nil, nil
		}
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
