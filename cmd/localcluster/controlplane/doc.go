// Package controlplane runs etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok, each as a process of
// its own, and says when a pod can run on them.
//
// [Run] is the supervisor: it ends with its context, or when one of its processes does, and leaves none of them behind.
// Each start makes a new cluster with new keys. Everything listens on 127.0.0.1 and asks for client certificates. The
// nodes are objects that kwok keeps alive; no container runs on them.
package controlplane
