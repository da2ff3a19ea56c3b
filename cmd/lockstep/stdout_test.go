package main

import (
	"bytes"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// unread is a file that takes no write: a pipe whose reader has gone.
func unread(t *testing.T) *os.File {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err == nil {
		err = reader.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = writer.Close() })
	return writer
}

func TestOutputThatCannotBeWrittenIsAnError(t *testing.T) {
	daemon := httptest.NewServer(status.NewStore(sync.App{Name: "web"}).Handler())
	defer daemon.Close()
	const words = "lockstep: the output cannot be written: "
	for _, line := range []string{
		"version", "--help", "completion bash", "validate ../../examples/web", "status --server " + daemon.URL,
		"status web --server " + daemon.URL, "status -w --server " + daemon.URL, "status -o json --server " + daemon.URL,
	} {
		var stderr bytes.Buffer
		code := execute(t.Context(), strings.Split(line, " "), unread(t), &stderr)
		if text := stderr.String(); code != exitError || !strings.HasPrefix(text, words) || strings.Count(text, "\n") != 1 {
			t.Errorf("%s: exit code %d, %q", line, code, text)
		}
	}
}

// TestWhatIsWrongIsToldBesideOutputThatCannotBeWritten is about a command that had something to say in any case.
func TestWhatIsWrongIsToldBesideOutputThatCannotBeWritten(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(folder+"/broken.yaml", []byte("kind: Service\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for code, said := range map[exit]int{exitHealthy: exitError, exitChanges: exitError, exitGateFailed: exitGateFailed} {
		out := &printed{Writer: unread(t)}
		_, _ = out.Write([]byte("a picture"))
		if is := out.judge(int(code)); is != said {
			t.Errorf("exit code %d becomes %d", code, is)
		}
	}
	var stderr bytes.Buffer
	if code := execute(t.Context(), []string{"validate", folder}, unread(t), &stderr); code != exitError || stderr.Len() == 0 {
		t.Errorf("exit code %d, %q", code, stderr.String())
	}
}
