package health

import "slices"

// Reason is why something is not Current, or what a warning is about: one word that programs may branch on.
type Reason string

// The reasons, a cause before its consequences: the order in which a [Report] puts them.
const (
	JobFailed              Reason = "JobFailed"              // a Job has given up: its backoff limit or deadline
	QuotaExceeded          Reason = "QuotaExceeded"          // pods refused by a ResourceQuota
	AdmissionDenied        Reason = "AdmissionDenied"        // pods refused by the API server for any other cause
	VolumePending          Reason = "VolumePending"          // a volume is not there, not bound, or cannot be mounted
	NodeRefused            Reason = "NodeRefused"            // a node does not run the pod that it was given, or has put it out
	Unschedulable          Reason = "Unschedulable"          // no node takes the pod
	ConfigMissing          Reason = "ConfigMissing"          // a ConfigMap, a Secret or a key of one is not there
	ImagePull              Reason = "ImagePull"              // an image cannot be pulled
	CreateFailed           Reason = "CreateFailed"           // the node cannot make the pod, or one of its containers, as it is asked for
	OOMKilled              Reason = "OOMKilled"              // a container was killed at its memory limit
	CrashLoop              Reason = "CrashLoop"              // a container ends soon after each start
	ProbeFailing           Reason = "ProbeFailing"           // a container runs, and its probe says that it does not work
	SelectorMatchesNothing Reason = "SelectorMatchesNothing" // a Service selects no pod, and none that could come
	PortMismatch           Reason = "PortMismatch"           // a Service asks for a port by a name that its pods do not have
	BackendMissing         Reason = "BackendMissing"         // an Ingress or a route leads to a Service or a port that is not there
	EndpointsNotReady      Reason = "EndpointsNotReady"      // a Service does not route to the pods that it should
	LoadBalancerPending    Reason = "LoadBalancerPending"    // a Service has no address of a load balancer; a warning where none may come
	ProbeFailed            Reason = "ProbeFailed"            // a Service does not answer, or not from all of its pods
	ScaleTargetMissing     Reason = "ScaleTargetMissing"     // an autoscaler's workload is not there
	ScalingFailed          Reason = "ScalingFailed"          // an autoscaler cannot scale its workload
	Paused                 Reason = "Paused"                 // a Deployment is paused, and rolls nothing out
	MetricsMissing         Reason = "MetricsMissing"         // an autoscaler has not had its metrics for long
	Stalled                Reason = "Stalled"                // an object says of itself that it has failed for good
	DeadlineExceeded       Reason = "DeadlineExceeded"       // time is up, and nothing more is known
	Unreachable            Reason = "Unreachable"            // the API server cannot be watched
	RolloutInProgress      Reason = "RolloutInProgress"      // nothing is wrong, it goes on

	PortUndeclared        Reason = "PortUndeclared"        // warning: a Service asks for a port number that its pods do not declare
	ReplicasOutsideBounds Reason = "ReplicasOutsideBounds" // warning: more or fewer replicas than the autoscaler's bounds
	OneNode               Reason = "OneNode"               // warning: all replicas run on one node
	ScaledToZero          Reason = "ScaledToZero"          // warning: a Service all of whose workloads ask for no pod
	SingleReplica         Reason = "SingleReplica"         // warning: one pod is all that is behind a Service
	NoReadinessProbe      Reason = "NoReadinessProbe"      // warning: a Service sends requests to containers that nobody asks first
	RequestsMissing       Reason = "RequestsMissing"       // warning: containers that request no cpu or memory
	AtMaximum             Reason = "AtMaximum"             // warning: an autoscaler would have more pods than it may
	NothingProtected      Reason = "NothingProtected"      // warning: a PodDisruptionBudget selects no pod
	NoDisruption          Reason = "NoDisruption"          // warning: a PodDisruptionBudget lets no healthy pod be evicted
	NoNodes               Reason = "NoNodes"               // warning: a DaemonSet that no node is for
	ScheduleSuspended     Reason = "ScheduleSuspended"     // warning: a CronJob that is suspended
	LastRunFailed         Reason = "LastRunFailed"         // warning: the last Job of a CronJob has failed
	OldPodsKept           Reason = "OldPodsKept"           // warning: a strategy keeps pods of the revision before
	IngressClassMissing   Reason = "IngressClassMissing"   // warning: no controller takes up an Ingress, as its class is not there
	TLSSecretMissing      Reason = "TLSSecretMissing"      // warning: the certificate that an Ingress names is not there
)

// order is that of a cause before its consequences.
var order = [...]Reason{
	JobFailed, QuotaExceeded, AdmissionDenied, VolumePending, NodeRefused, Unschedulable, ConfigMissing, ImagePull, CreateFailed, OOMKilled,
	CrashLoop, ProbeFailing,
	SelectorMatchesNothing, PortMismatch, BackendMissing, EndpointsNotReady, ProbeFailed, LoadBalancerPending,
	Paused, ScaleTargetMissing, ScalingFailed, MetricsMissing,
	Stalled, DeadlineExceeded, Unreachable, RolloutInProgress,
	PortUndeclared, ReplicasOutsideBounds, OneNode, ScaledToZero, SingleReplica, NoReadinessProbe, RequestsMissing,
	AtMaximum, NothingProtected, NoDisruption, NoNodes, ScheduleSuspended, LastRunFailed,
	OldPodsKept, IngressClassMissing, TLSSecretMissing,
}

// Reasons are all reasons that there are, in the order above.
func Reasons() []Reason { return slices.Clone(order[:]) }

// rank is the place of a reason in the order above. A reason that is not in it comes last.
func (r Reason) rank() int {
	if place := slices.Index(order[:], r); place >= 0 {
		return place
	}
	return len(order)
}
