package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestWrongArgumentsAreToldWithWhatTheCommandTakes(t *testing.T) {
	for line, want := range map[string]string{
		"history":            "lockstep: want one app: lockstep history APP [flags]",
		"rollback a b":       "lockstep: want one app: lockstep rollback APP [flags]",
		"suspend":            "lockstep: want one app: lockstep suspend APP [flags]",
		"status a b":         "lockstep: want one app at most: lockstep status [APP] [flags]",
		"validate":           "lockstep: want one folder: lockstep validate PATH",
		"version x":          `lockstep: argument "x" is for nothing: lockstep version`,
		"run \x1b[31m":       `lockstep: argument "\x1b[31m" is for nothing: lockstep run`,
		"completion tcsh":    "lockstep: want a shell: lockstep completion bash|zsh|fish|powershell",
		"completion":         "lockstep: want a shell: lockstep completion bash|zsh|fish|powershell",
		"completion bash -x": "lockstep: unknown shorthand flag: 'x' in -x",
	} {
		var stdout, stderr bytes.Buffer
		code := execute(t.Context(), strings.Split(line, " "), &stdout, &stderr)
		if text := stderr.String(); code != exitError || !strings.HasPrefix(text, want) || strings.Count(text, "\n") != 1 || stdout.Len() > 0 {
			t.Errorf("%s: exit code %d, %q, and on stdout %.80q", line, code, text, stdout.String())
		}
	}
	var stdout, stderr bytes.Buffer
	if code := execute(t.Context(), []string{"completion", "bash"}, &stdout, &stderr); code != exitHealthy || !strings.Contains(stdout.String(), "__start_lockstep") {
		t.Errorf("completion bash: %d, %s", code, stderr.String())
	}
}
