//go:build !linux

package watch_test

// childLimit is never set here: inotify, whose limits it is about, is Linux's.
const childLimit = "WATCH_TEST_LIMIT"

func child(string) {}
