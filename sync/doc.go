// Package sync reconciles one app once ([Reconciler]) or for ever ([Loop]); it owns the interfaces it needs.
//
// [Reconciler.Reconcile] is the whole of Lockstep in one function: fetch, read, plan, apply, gate, prune, remember.
// [Loop] adds time to it, and nothing else: triggers, an interval with jitter, backoff, and the watch over the app's
// health while there is nothing to do. What happens is told to an [Observer] as [Event] values, from which the status
// page, the terminal and the metrics are made.
//
// A [Fleet] is a Loop for each app of a [Roster], and what they share: a [Feed] fetches a repository once for all of its
// apps, a [Pool] gives turns to those that plan and apply (who waits at a gate holds none), and [Claims] know which app
// wants which object, so that one that moves is handed over. A commit wakes the apps whose files it changes: what an app
// was made of is on record as the hashes of the paths that were read. A pass that finds those as they were, and by the
// mirror of the cluster every object as it was left, makes no call at all.
package sync
