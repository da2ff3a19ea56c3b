// Package health says whether objects are healthy and why not, and waits until they are.
//
// [Compute] is pure: what is known about an app's objects in, a [Report] out. A [Gate] feeds it from watches: one watch
// for each kind and namespace, shared by all checks, begun when the first check needs it and ended when nobody does.
//
// Healthy means more here than a finished rollout. A workload is complete when its controller says so, for the generation
// that was applied, and the pods that are really there agree. A Service with a selector is complete when the ready
// endpoints in its EndpointSlices are exactly the ready pods that it selects, and at least one. The one exception is a
// Service all of whose workloads ask for 0 replicas: nobody wants it to serve, so it holds nothing up, and a warning
// ([ScaledToZero]) says that it does not serve. A Service without a selector promises nothing, and what endpoints it has
// are counted. One of type LoadBalancer is waited for, beyond its endpoints, where somebody is making it an address. An
// Ingress or a route has to lead to Services and ports that are there ([BackendMissing]).
//
// Watches of different kinds run at their own pace, and each of them may be behind an apply. So nothing is taken from a
// copy that is older than the applied object, and no count from a status alone: see [Target].
//
// A thousand checks may be on their way at once. What the watches show is kept packed, once for all of them, and a rollout
// that is plainly not there yet is looked at the less often the more there are and the longer it takes; but at once when it
// gets worse, by a pod, an endpoint or an Event, and when it may be complete.
//
// Where a workload is late, more is asked for: the Events and claims that explain it, by watches that nothing depends on,
// and, beside the watches, the room on the nodes and the end of a crashed container's log. A role that forbids them costs
// their words, and no verdict. A problem is terminal only when time alone will not heal it, which counts and times in the
// objects have to show.
package health
