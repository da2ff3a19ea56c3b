// Package clustertest starts the local control plane once for a test binary and gives each test a namespace.
//
// A package whose tests need a cluster runs them through [Main]; the control plane starts when the first test asks for
// it, and ends with the test binary, also when that panics or is killed. Tests wait with [Eventually], never with a
// sleep. Under -short every test that asks for the cluster is skipped.
package clustertest
