package health

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// insufficient finds the resource in the scheduler's "3 Insufficient cpu. preemption: ...", dots in its name included.
var insufficient = regexp.MustCompile(`Insufficient ([^\s,.:]+(?:\.[^\s,.:]+)*)`)

// advices are what to do about a reason, in one sentence, where it does not depend on more.
var advices = map[Reason]string{
	QuotaExceeded:      "Raise the namespace's ResourceQuota, or lower the replicas or what their containers request.",
	AdmissionDenied:    "Change the pod template so that the policy that refuses it is content, or the policy.",
	ImagePull:          "Check the image's name and tag, and that the nodes may pull it: the registry, imagePullSecrets.",
	CreateFailed:       "Correct what the message names in the pod template: its securityContext, volumeMounts, lifecycle hooks, runtimeClassName.",
	NodeRefused:        "Correct what the message names in the pod template; what a node has put out for lack of something needs that as a request.",
	Paused:             "Take spec.paused out of its manifest, or resume it (kubectl rollout resume).",
	CrashLoop:          "Read the container's log (kubectl logs --previous) and correct what ends it, or go back to the last good commit.",
	OOMKilled:          "Raise the container's memory limit, or make it use less.",
	ProbeFailing:       "Ask the container what the probe asks, and correct the one or the other: its path, port or command, or how long it may take.",
	VolumePending:      "Check the pods' PersistentVolumeClaims and volumes: they must exist, be bound, and be reachable from a node.",
	ConfigMissing:      "Add the ConfigMap, Secret or key that the container names, or correct the name.",
	JobFailed:          "Read the log of the Job's pods, then apply it under a new name: a failed Job does not start again.",
	DeadlineExceeded:   "See what the pods wait for (kubectl describe pods); where they are only slow, allow more time.",
	Stalled:            "Its own status says why; it does not go on until its spec is changed.",
	ScaleTargetMissing: "Have its scaleTargetRef name a workload of its namespace, with kind and apiVersion.",
	ScalingFailed:      "Its condition AbleToScale says why; it goes on by itself when the cause is gone.",
	MetricsMissing:     "Check that metrics-server (or the metrics adapter) runs, and that the containers request what is measured.",
	Unreachable:        "Check that the API server is up and reachable; the watches go on by themselves when it is.",
}

// advice says in one sentence what to do about a reason that o shows; message are Kubernetes' words.
func advice(reason Reason, o *unstructured.Unstructured, message string) string {
	if reason == ProbeFailing && strings.Contains(message, "readiness gate") {
		return "See whether the controller that sets this condition of the pod runs, and knows the pod; or take the gate out of its readinessGates."
	}
	if reason == DeadlineExceeded && strings.Contains(message, "; init container ") {
		return "Read the init container's log (kubectl logs POD -c CONTAINER): the pod's other containers begin once it has ended."
	}
	if reason == Unschedulable {
		return adviseScheduling(o, message)
	}
	return advices[reason]
}

// hindrances are what else keeps a pod off the nodes, by the scheduler's words for it, and what to do about each. Those
// that say more come first.
var hindrances = []struct{ words, advice string }{
	{"Too many pods", "Add a node: those that there are hold as many pods as they may."},
	{"free ports", "Free the host port, or let the pods do without one: a node can give it to one pod alone."},
	{"PersistentVolume's node affinity", "The pod's volume is in a zone or on a node that it may not go to: let it go there, or make the volume anew elsewhere."},
	{"no available volume zone", "The pod's volume is in another zone than the nodes: add a node there, or make the volume anew."},
	{"max volume count", "Add a node: those that there are hold as many volumes as they may."},
	{"topology spread", "Relax the pods' topologySpreadConstraints (maxSkew, ScheduleAnyway), or add a node in the zone that lacks pods."},
	{"anti-affinity", "Relax the pods' anti-affinity (preferred instead of required), or add a node: there are more pods than places apart."},
	{"taint", "Give the pods a toleration for that taint, or add a node without it."},
	{"unschedulable", "Uncordon a node (kubectl uncordon), or add one."},
	{"affinity", "Bring the pods' node selector and affinity in line with the labels of the nodes."},
	{"selector", "Bring the pods' node selector and affinity in line with the labels of the nodes."},
	{"no nodes available", "Add a node: the cluster has none."},
	{"volume", "Check the pods' PersistentVolumeClaims: they must exist, be bound, and be reachable from a node."},
}

// adviseScheduling reads what is short, or what keeps the pod off the nodes, out of the scheduler's message.
func adviseScheduling(o *unstructured.Unstructured, message string) string {
	if name := short(message); name != "" {
		return fmt.Sprintf("Lower the %s that a pod requests%s, or add a node that has so much free.", name, asked(o, string(name)))
	}
	advice, most := "Add a node that fits the pods, or change what they ask for.", -1
	for _, h := range hindrances {
		if n := hindered(message, h.words); n > most {
			advice, most = h.advice, n
		}
	}
	return advice
}

// hindered is how many nodes the scheduler says are kept off by what these words are for; -1 where it does not say them.
func hindered(message, words string) int {
	_, causes, _ := strings.Cut(message, "available: ")
	for cause := range strings.SplitSeq(cmp.Or(causes, message), ", ") {
		if !strings.Contains(cause, words) {
			continue
		}
		number, _, _ := strings.Cut(cause, " ")
		n, err := strconv.Atoi(number)
		if err != nil {
			return 0 // of all of them
		}
		return n
	}
	return -1
}

// asked is how much of a resource the containers of one pod of o request: " (now 64)", or "" where they do not say.
func asked(o *unstructured.Unstructured, name string) string {
	var sum resource.Quantity
	list := items(o, "spec", "template", "spec", "containers")
	for _, entry := range list {
		container, _ := entry.(map[string]any)
		request, found, err := unstructured.NestedFieldNoCopy(container, "resources", "requests", name)
		if !found || err != nil {
			continue
		}
		if quantity, err := resource.ParseQuantity(fmt.Sprint(request)); err == nil {
			sum.Add(quantity)
		}
	}
	if sum.IsZero() {
		return ""
	}
	return " (now " + sum.String() + ")"
}
