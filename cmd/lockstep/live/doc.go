// Package live draws what an app is at: live on a terminal, in plain lines elsewhere, as a table on request.
//
// [Terminal] and [Lines] are observers. Both fold the events of a reconciler with [status.Fold], so that the picture and
// the API say the same, and both tell a commit to its end once: while it goes live a Terminal draws it in place and Lines
// say what changes; after its closing line either says one line when the app's state changes, and nothing while it stays.
//
// All text that comes from a repository or a cluster is escaped on its way out: no control character in a commit message
// or in a pod's status reaches a terminal.
package live
