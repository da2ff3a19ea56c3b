// Package watch calls a func when files change (fsnotify as a hint, a ticker as the floor).
//
// Notifications get lost: queues overflow, network mounts send none, a machine runs out of watches. So they only make
// the call come sooner; it comes at the pace of the ticker whatever happens, and whoever is called looks for itself.
package watch
