// Localcluster is a real Kubernetes control plane in one binary, for the demo and the tests.
//
// It is etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok, each started as a process of its own
// from this one program, so that they are linked once: the first argument says which. Deployments, EndpointSlices,
// scheduling, quota and HPA are what they are in any cluster; the nodes are kwok's, so pods get a node, an address and
// readiness, but no container runs. Run it by its builder, which compiles when need be: go run ./build up.
package main
