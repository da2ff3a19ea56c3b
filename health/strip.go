package health

import (
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
		o.Spec.Volumes = nil
		slim(o.Spec.Containers)
		slim(o.Spec.InitContainers)
		o.Spec.EphemeralContainers = nil
		o.Spec.Affinity = nil
		o.Spec.Tolerations = nil
	case *appsv1.ReplicaSet:
		o.Spec.Template = corev1.PodTemplateSpec{}
	case *appsv1.ControllerRevision:
		o.Data = runtime.RawExtension{}
	}
	return o, nil
}

// slim keeps of containers what they are called, ask for and offer. Their environment may hold secrets.
func slim(containers []corev1.Container) {
	for i := range containers {
		c := &containers[i]
		containers[i] = corev1.Container{
			Name: c.Name, Image: c.Image, Ports: c.Ports, Resources: c.Resources,
			ReadinessProbe: c.ReadinessProbe, RestartPolicy: c.RestartPolicy,
		}
	}
}
