package main

import (
	"bytes"
	"encoding/json"
	stdlog "log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"k8s.io/klog/v2"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
)

func TestTheLogHidesSecretsAndFollowsItsLevel(t *testing.T) {
	var out bytes.Buffer
	f := logFlags{format: formatJSON, level: "info"}
	log, err := f.logger(&out)
	if err != nil {
		t.Fatal(err)
	}
	klog.Error("from a library")
	log.Debug("too fine")
	if out.Len() > 0 {
		t.Errorf("at info: %s", out.String())
	}
	f.now.SetLevel(zapcore.DebugLevel)
	klog.Error("from a library, Authorization: Bearer c4nary")
	log.Debug("https://ada:c4nary@git.example.com")
	if text := out.String(); strings.Contains(text, "c4nary") || strings.Count(text, "\n") != 2 {
		t.Errorf("at debug: %s", text)
	}
}

func TestWhatOthersWriteStaysOnItsLineOfTheConsole(t *testing.T) {
	var out bytes.Buffer
	f := logFlags{format: formatConsole, level: "warn"}
	log, err := f.logger(&out)
	if err != nil {
		t.Fatal(err)
	}
	log.Named("a\nb").Warn("refused\n2026-01-02T03:04:05Z\tERROR\tnot ours\x1b[2J", zap.String("said", "x\ny"))
	if text := out.String(); strings.Count(text, "\n") != 1 || strings.Contains(text, "\x1b") || !strings.Contains(text, "refused; 2026") {
		t.Errorf("%q", text)
	}
}

// TestTheLogTakesInThatOfTheStandardLibrary has an HTTP server complain of a handler, and of a server's answer.
func TestTheLogTakesInThatOfTheStandardLibrary(t *testing.T) {
	before, flags := stdlog.Writer(), stdlog.Flags()
	t.Cleanup(func() {
		stdlog.SetOutput(before)
		stdlog.SetFlags(flags)
	})
	out := &lockedBuffer{}
	f := logFlags{format: formatJSON, level: "info"}
	if _, err := f.logger(out); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("https://ada:c4nary@git.example.com") }))
	t.Cleanup(server.Close)
	if answer, err := http.Get(server.URL); err == nil {
		_ = answer.Body.Close()
	}
	server.Close() // waits for the handler
	entry := struct{ Level, Logger, Msg string }{}
	if err := json.Unmarshal([]byte(out.String()), &entry); err != nil || entry.Level != "warn" || !strings.Contains(entry.Msg, "https://***@git") {
		t.Errorf("%v in %s", err, out)
	}
}

func TestTheLogNamesTheRepositoryOfAnApp(t *testing.T) {
	var out bytes.Buffer
	f := logFlags{format: formatJSON, level: "info"}
	log, err := f.logger(&out)
	if err != nil {
		t.Fatal(err)
	}
	o := newLogObserver(log)
	o.Observe(t.Context(), sync.Event{App: "web", Joined: &sync.App{Name: "web", Repository: "https://git.example.com/shop.git"}})
	out.Reset()
	revision := git.Revision{Ref: "main", Hash: "1111111111111111111111111111111111111111"}
	o.Observe(t.Context(), sync.Event{App: "web", Revision: revision, Step: sync.StepFetch, Snapshot: &git.Snapshot{Revision: revision}})
	for _, want := range []string{`"app":"web"`, `"repository":"https://git.example.com/shop.git"`, `"revision":"main@sha1:1111111"`, `"step":"fetch"`} {
		if text := out.String(); !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
}
