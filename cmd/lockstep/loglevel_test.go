package main

import (
	"bytes"
	"strings"
	"testing"

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
