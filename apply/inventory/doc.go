// Package inventory remembers which objects an app owns, its history and its last healthy state; kept in the cluster.
//
// An [Inventory] is kept in Secrets, as it holds manifests of Secrets, in the daemon's own namespace: whoever may write
// Secrets beside an app must not be able to tell Lockstep what to prune. The head Secret, lockstep.APP, holds all of a
// small app, so that a save is one write. What does not fit goes into further Secrets, lockstep.APP.GENERATION.N, which are
// written before the head that names them and removed after it: there is no moment at which the head names parts that are
// not there, so a daemon that is killed anywhere leaves the old inventory or the new one.
//
// [Store.Load] asks for one app's, [Store.All] for those of all apps, in a few calls, and [Store.Remove] deletes what is no
// longer needed.
package inventory
