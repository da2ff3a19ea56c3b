package health

// Reason is why something is not Current, or what a warning is about: one word that programs may branch on.
type Reason string

// The reasons, a cause before its consequences: the order in which a [Report] puts them.
const (
	JobFailed              Reason = "JobFailed"              // a Job has given up: its backoff limit or deadline
	QuotaExceeded          Reason = "QuotaExceeded"          // pods refused by a ResourceQuota
	AdmissionDenied        Reason = "AdmissionDenied"        // pods refused by the API server for any other cause
	VolumePending          Reason = "VolumePending"          // a volume is not there, not bound, or cannot be mounted
	Unschedulable          Reason = "Unschedulable"          // no node takes the pod
	ConfigMissing          Reason = "ConfigMissing"          // a ConfigMap, a Secret or a key of one is not there
	ImagePull              Reason = "ImagePull"              // an image cannot be pulled
	OOMKilled              Reason = "OOMKilled"              // a container was killed at its memory limit
	CrashLoop              Reason = "CrashLoop"              // a container ends soon after each start
	ProbeFailing           Reason = "ProbeFailing"           // a container runs, and its probe says that it does not work
	SelectorMatchesNothing Reason = "SelectorMatchesNothing" // a Service selects no pod, and none that could come
	PortMismatch           Reason = "PortMismatch"           // a Service asks for a port by a name that its pods do not have
	EndpointsNotReady      Reason = "EndpointsNotReady"      // a Service does not route to the pods that it should
	Stalled                Reason = "Stalled"                // an object says of itself that it has failed for good
	DeadlineExceeded       Reason = "DeadlineExceeded"       // time is up, and nothing more is known
	Unreachable            Reason = "Unreachable"            // the API server cannot be watched
	RolloutInProgress      Reason = "RolloutInProgress"      // nothing is wrong, it goes on

	OneNode      Reason = "OneNode"      // warning: all replicas run on one node
	ScaledToZero Reason = "ScaledToZero" // warning: a Service all of whose workloads ask for no pod
)

// rank is the place of a reason in the order above. A reason that is not in it comes last.
func (r Reason) rank() int {
	order := [...]Reason{
		JobFailed, QuotaExceeded, AdmissionDenied, VolumePending, Unschedulable, ConfigMissing, ImagePull, OOMKilled,
		CrashLoop, ProbeFailing,
		SelectorMatchesNothing, PortMismatch, EndpointsNotReady, Stalled, DeadlineExceeded, Unreachable, RolloutInProgress,
		OneNode, ScaledToZero,
	}
	for i, known := range order {
		if r == known {
			return i
		}
	}
	return len(order)
}
