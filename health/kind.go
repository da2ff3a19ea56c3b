package health

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var (
	gkDeployment  = schema.GroupKind{Group: "apps", Kind: "Deployment"}
	gkStatefulSet = schema.GroupKind{Group: "apps", Kind: "StatefulSet"}
	gkDaemonSet   = schema.GroupKind{Group: "apps", Kind: "DaemonSet"}
	gkReplicaSet  = schema.GroupKind{Group: "apps", Kind: "ReplicaSet"}
	gkJob         = schema.GroupKind{Group: "batch", Kind: "Job"}
	gkCronJob     = schema.GroupKind{Group: "batch", Kind: "CronJob"}
	gkPod         = schema.GroupKind{Kind: "Pod"}
	gkService     = schema.GroupKind{Kind: "Service"}
	gkIngress     = schema.GroupKind{Group: "networking.k8s.io", Kind: "Ingress"}

	gkReplicationController = schema.GroupKind{Kind: "ReplicationController"}
	gkAutoscaler            = schema.GroupKind{Group: "autoscaling", Kind: "HorizontalPodAutoscaler"}
	gkDisruptionBudget      = schema.GroupKind{Group: "policy", Kind: "PodDisruptionBudget"}
	gkPersistentVolumeClaim = schema.GroupKind{Kind: "PersistentVolumeClaim"}
	gkDefinition            = schema.GroupKind{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition"}
	gkAPIService            = schema.GroupKind{Group: "apiregistration.k8s.io", Kind: "APIService"}
)

// isWorkload tells the kinds that a [Workload] describes.
func isWorkload(gk schema.GroupKind) bool {
	switch gk {
	case gkDeployment, gkStatefulSet, gkDaemonSet, gkReplicaSet, gkReplicationController, gkJob:
		return true
	}
	return false
}

// passive tells the kinds that are healthy once they are there. They are not watched: a watch would read every Secret of
// a namespace to learn nothing.
func passive(gk schema.GroupKind) bool {
	switch gk.Group {
	case "":
		switch gk.Kind {
		case "ConfigMap", "Secret", "ServiceAccount", "LimitRange", "Endpoints", "Event":
			return true
		}
	case "rbac.authorization.k8s.io", "scheduling.k8s.io", "storage.k8s.io", "node.k8s.io", "admissionregistration.k8s.io",
		"coordination.k8s.io", "discovery.k8s.io":
		return true
	case "networking.k8s.io":
		return gk.Kind == "NetworkPolicy" || gk.Kind == "IngressClass"
	case "batch":
		return gk == gkCronJob
	}
	return false
}

// builtIn tells the API groups of Kubernetes itself. An object of any other may stand for pods that a controller of its
// own will make.
func builtIn(gk schema.GroupKind) bool {
	switch gk.Group {
	case "", "apps", "batch", "autoscaling", "policy", "extensions":
		return true
	}
	const suffix = ".k8s.io"
	return len(gk.Group) > len(suffix) && gk.Group[len(gk.Group)-len(suffix):] == suffix
}

// templateLabels are the labels of the pods that o makes, or is. False when it makes none.
func templateLabels(o *unstructured.Unstructured) (map[string]string, bool) {
	switch o.GroupVersionKind().GroupKind() {
	case gkDeployment, gkStatefulSet, gkDaemonSet, gkReplicaSet, gkReplicationController, gkJob:
		return pairs(o, "spec", "template", "metadata", "labels"), true
	case gkCronJob:
		return pairs(o, "spec", "jobTemplate", "spec", "template", "metadata", "labels"), true
	case gkPod:
		return o.GetLabels(), true
	}
	return nil, false
}
