package apply

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// The stages of an apply. Each is concurrent in itself and follows the one before. The order of most only saves needless
// attempts, so that what can be applied is, whatever became of others; but nothing stands without its foundations, and
// gates stay open as long as anything of the commit is missing.
const (
	// foundations are what others need to exist: definitions, namespaces, and the classes of the whole cluster that
	// objects name.
	foundations = iota
	// allotted are Services that ask for a port of the nodes or an address by number: whether it is to be had, the API server
	// tells only when it gives it, and not in a dry run. Without them nothing else of the commit is begun.
	allotted
	// supplies are what pods need when they are made, and what roles are bound to. Without them a controller tries, fails
	// and backs off, which costs seconds.
	supplies
	ordinary
	// gates are what the API server asks about other objects. One that comes before the Deployment behind it keeps the
	// rest of its own commit out.
	gates
	stageCount
)

var stageOf = map[string]int{
	"CustomResourceDefinition.apiextensions.k8s.io": foundations,
	"Namespace":                                   foundations,
	"PriorityClass.scheduling.k8s.io":             foundations,
	"StorageClass.storage.k8s.io":                 foundations,
	"VolumeAttributesClass.storage.k8s.io":        foundations,
	"CSIDriver.storage.k8s.io":                    foundations,
	"IngressClass.networking.k8s.io":              foundations,
	"GatewayClass.gateway.networking.k8s.io":      foundations,
	"RuntimeClass.node.k8s.io":                    foundations,
	"DeviceClass.resource.k8s.io":                 foundations,
	"VolumeSnapshotClass.snapshot.storage.k8s.io": foundations,

	"ServiceAccount":                        supplies,
	"Secret":                                supplies,
	"ConfigMap":                             supplies,
	"PersistentVolume":                      supplies,
	"PersistentVolumeClaim":                 supplies,
	"LimitRange":                            supplies,
	"ResourceQuota":                         supplies,
	"Service":                               supplies, // its address is in the environment of pods that come after it
	"Role.rbac.authorization.k8s.io":        supplies,
	"ClusterRole.rbac.authorization.k8s.io": supplies,

	"ValidatingWebhookConfiguration.admissionregistration.k8s.io":   gates,
	"MutatingWebhookConfiguration.admissionregistration.k8s.io":     gates,
	"ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io": gates,
	"MutatingAdmissionPolicyBinding.admissionregistration.k8s.io":   gates,
	"APIService.apiregistration.k8s.io":                             gates,
}

func stage(id object.ID) int {
	if at, special := stageOf[id.GroupKind().String()]; special {
		return at
	}
	return ordinary
}

// stages splits changes into those that follow each other.
func stages(changes []*Change) [stageCount][]*Change {
	var split [stageCount][]*Change
	for _, c := range changes {
		at := stage(c.ID)
		if c.asksByNumber() {
			at = allotted
		}
		split[at] = append(split[at], c)
	}
	return split
}

// asksByNumber tells a Service that names its address, or a port that the nodes are to listen on.
func (c *Change) asksByNumber() bool {
	if c.ID.Group != "" || c.ID.Kind != "Service" || c.Desired == nil {
		return false
	}
	spec, _ := c.Desired.Object["spec"].(map[string]any)
	if address, _ := spec["clusterIP"].(string); address != "" && address != corev1.ClusterIPNone {
		return true
	}
	ports, _ := spec["ports"].([]any)
	return slices.ContainsFunc(ports, func(port any) bool {
		fields, _ := port.(map[string]any)
		return fields["nodePort"] != nil
	})
}

// pruneOrder is that of stages backwards. What takes other objects along comes last, apart from the rest.
func pruneOrder(changes []*Change) (last []*Change, rest [][]*Change) {
	split := stages(changes)
	for _, c := range split[foundations] {
		if isCRD(c.ID) || isNamespace(c.ID) {
			last = append(last, c)
		}
	}
	split[foundations] = slices.DeleteFunc(split[foundations], func(c *Change) bool { return isCRD(c.ID) || isNamespace(c.ID) })
	slices.Reverse(split[:])
	return last, split[:]
}

func isCRD(id object.ID) bool {
	return id.Group == "apiextensions.k8s.io" && id.Kind == "CustomResourceDefinition"
}

func isNamespace(id object.ID) bool { return id.Group == "" && id.Kind == "Namespace" }

// carries tells the kinds that other objects need to be there: whether they are has to be known before those are planned.
func carries(id object.ID) bool { return isCRD(id) || isNamespace(id) }
