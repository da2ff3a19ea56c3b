// Package lease has several processes take turns: each stands for Kubernetes Leases, works as long as it holds one, and can
// write to the cluster no longer than that, also when it was frozen meanwhile.
package lease
