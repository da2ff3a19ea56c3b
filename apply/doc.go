// Package apply makes objects so: plan, apply, prune.
//
// [Applier.Plan] compares what a commit wants with what the cluster has and changes nothing; [Applier.Apply] writes what
// the plan says, stage by stage; [Applier.Prune] deletes what the app owned and its commit no longer has. A plan that
// would delete more than anybody is likely to have meant is a [Blocked] error instead of a plan.
//
// An object is unchanged when its manifest is as it was at the last apply and the fields that Lockstep owns of it are, as
// a mirror of its metadata shows: that costs no call. One changed object costs one PATCH, and what it changes is told
// from what was applied before; of drift the live object is read, so that one can say what somebody made of it.
//
// All writes are server-side apply under the field manager [FieldManager]: one call an object, nothing kept on the
// object to compare with later, and fields that the manifest does not name stay whose they are. See
// https://kubernetes.io/docs/reference/using-api/server-side-apply/.
package apply
