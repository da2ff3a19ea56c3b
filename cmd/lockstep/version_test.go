package main

import (
	"runtime/debug"
	"testing"
)

func TestAVersionNamesTheCommitThatTheGoCommandHasRecorded(t *testing.T) {
	hash := debug.BuildSetting{Key: "vcs.revision", Value: "4fe97890a1b2c3d4e5f60718293a4b5c6d7e8f90"}
	at := debug.BuildSetting{Key: "vcs.time", Value: "2026-03-01T14:03:12Z"}
	clean := debug.BuildSetting{Key: "vcs.modified", Value: "false"}
	dirty := debug.BuildSetting{Key: "vcs.modified", Value: "true"}
	for want, settings := range map[string][]debug.BuildSetting{
		"": {{Key: "GOOS", Value: "linux"}},
		"commit 4fe9789 of 2026-03-01T14:03:12Z, ":             {hash, at, clean},
		"commit 4fe9789 and changes of 2026-03-01T14:03:12Z, ": {hash, at, dirty},
		"commit 4fe9789, ": {hash},
	} {
		if got := commitOf(settings); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAnImageIsToldItsCommitByTheLinker(t *testing.T) {
	before, on := buildCommit, buildDate
	defer func() { buildCommit, buildDate = before, on }()
	buildCommit, buildDate = "4fe97890a1b2c3d4e5f60718293a4b5c6d7e8f90", "2026-03-01T14:03:12Z"
	if got, want := builtFrom(), "commit 4fe9789 of 2026-03-01T14:03:12Z, "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
