// Package object names a Kubernetes object (comparable, sortable, parseable).
//
// An [ID] leaves the API version out on purpose: apps/v1 and apps/v1beta1 of one Deployment are one object, and an
// inventory that told them apart would prune it when its manifest is moved to a newer version.
package object
