// Package sync reconciles one app once ([Reconciler]) or for ever ([Loop]); it owns the interfaces it needs.
//
// [Reconciler.Reconcile] is the whole of Lockstep in one function: fetch, read, plan, apply, gate, prune, remember.
// [Loop] adds time to it, and nothing else: triggers, an interval with jitter, backoff, and the watch over the app's
// health while there is nothing to do. What happens is told to an [Observer] as [Event] values, from which the status
// page, the terminal and the metrics are made.
package sync
