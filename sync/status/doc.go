// Package status keeps what every app is at, and serves it: JSON.
//
// A [Store] is an observer: it folds the events of a reconciler into one [App] a name, which is what
// GET /api/v1/apps/{app} answers, what `lockstep status` prints, and what the terminal shows while a commit goes live.
package status
