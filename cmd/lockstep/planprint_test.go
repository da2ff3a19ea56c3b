package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/object"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares text with a file of testdata/plan.
func golden(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join("testdata", "plan", name)
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("%s is\n%s\nwant\n%s", name, text, want)
	}
}

func id(kind, name string) object.ID {
	group := ""
	if kind == "Deployment" {
		group = "apps"
	}
	return object.ID{Group: group, Kind: kind, Namespace: "shop", Name: name}
}

// sample is a plan with one of everything.
func sample() plannedApp {
	app := plannedApp{
		Name: "web", Namespace: "shop", Repository: "https://git.example.com/team/shop.git", Path: "manifests/web",
		Revision: "main@sha1:3f2a1c93f2a1c93f2a1c93f2a1c93f2a1c93f2a1", shown: "main@sha1:3f2a1c9",
		Warnings: []string{"web.yaml:7: deployment.apps/web asks for 9 replicas"}, Errors: []planProblem{},
	}
	elsewhere := id("ConfigMap", "shared")
	elsewhere.Namespace = "common"
	app.Objects = []plannedObject{
		{Object: id("Deployment", "web"), Action: apply.Configured, File: "manifests/web/web.yaml", Line: 1, Fields: []plannedField{
			{Path: "spec.paused", Old: new("true")},
			{Path: "spec.replicas", Old: new("1"), New: new("3")},
			{Path: "spec.template.spec.containers[web].image", Old: new("nginx:1.27"), New: new("nginx:1.28")},
		}},
		{
			Object: id("ConfigMap", "settings"), Action: apply.Configured, File: "manifests/web/settings.yaml", Line: 4, Drift: true,
			By: []string{"kubectl-edit", "somebody"}, Fields: []plannedField{{Path: "data.key", Old: new("theirs"), New: new("ours")}},
		},
		{Object: elsewhere, Action: apply.Created, File: "manifests/web/settings.yaml", Line: 12, Drift: true, Why: "it had been deleted"},
		{Object: id("Secret", "login"), Action: apply.Configured, File: "manifests/web/login.yaml", Line: 1, Fields: []plannedField{
			{Path: "data.fresh", Secret: secretAdded},
			{Path: "data.password", Secret: secretDiffers},
			{Path: "data.stale", Secret: secretRemoved},
			{Path: "data.user", Secret: secretEqual},
		}},
		{Object: id("Service", "web"), Action: apply.Unchanged, File: "manifests/web/web.yaml", Line: 30},
		{Object: id("Service", "kept"), Action: apply.Skipped, File: "manifests/web/kept.yaml", Line: 1, Why: "lockstep.dev/reconcile: disabled in git"},
		{Object: id("Service", "old"), Action: apply.Pruned},
	}
	many := plannedObject{Object: id("ConfigMap", "new"), Action: apply.Created, File: "manifests/web/new.yaml", Line: 1}
	for i := range 9 {
		many.Fields = append(many.Fields, plannedField{Path: fmt.Sprintf("data.key-%d", i), New: new("value")})
	}
	app.Objects = append(app.Objects, many)
	for _, o := range app.Objects {
		app.Summary.count(o.Action)
	}
	return app
}

// failing is an app without a plan, and blocked one that has.
func failing() plannedApp {
	at := id("Service", "web")
	return plannedApp{
		Name: "broken", Namespace: "shop", Repository: "/srv/shop", Path: ".", Revision: workTreeRevision, shown: workTreeRevision,
		Warnings: []string{}, Objects: []plannedObject{}, Errors: []planProblem{
			{File: "a.yaml", Line: 3, Message: "metadata.name: missing"},
			{Object: &at, File: "b.yaml", Line: 1, Message: ".spec.ports owned by helm"},
		},
	}
}

func blocked() plannedApp {
	app := failing()
	app.Name, app.Errors = "blocked", []planProblem{}
	app.Blocked = &plannedBlock{
		Message: "the commit removes 5 of 6 objects", Objects: []object.ID{id("ConfigMap", "a"), id("ConfigMap", "b")},
	}
	return app
}

func (r *planReport) written(t *testing.T, format string) string {
	t.Helper()
	var out bytes.Buffer
	if err := r.print(&out, format); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestAPlanAsPeopleAndProgramsReadIt(t *testing.T) {
	one := &planReport{Cluster: "kind-kind", Apps: []plannedApp{sample()}}
	same := plannedApp{Name: "same", Summary: planSummary{Unchanged: 4}}
	many := &planReport{Cluster: "kind-kind", Many: true, Apps: []plannedApp{sample(), same, failing(), blocked()}}
	golden(t, "one.txt", one.written(t, outputText))
	golden(t, "many.txt", many.written(t, outputText))
	golden(t, "many.md", many.written(t, outputMarkdown))
	var coloured bytes.Buffer
	one.text(&coloured, true)
	golden(t, "colour.txt", coloured.String())
	for name, report := range map[string]*planReport{"one.json": one, "many.json": many} {
		var pretty bytes.Buffer
		if err := json.Indent(&pretty, []byte(report.written(t, outputJSON)), "", "  "); err != nil {
			t.Fatal(err)
		}
		golden(t, name, pretty.String())
	}
}

func TestThePlanOfAConfigIsAListHoweverManyAppsItHas(t *testing.T) {
	for n, want := range map[int]string{0: "[]\n", 1: "[{"} {
		report := &planReport{Many: true, Apps: make([]plannedApp, n)}
		if got := report.written(t, outputJSON); !strings.HasPrefix(got, want) {
			t.Errorf("%d apps: %s", n, got)
		}
	}
}

func TestThePlanTellsByItsExitCode(t *testing.T) {
	changes := plannedApp{Summary: planSummary{Create: 1}}
	for name, c := range map[string]struct {
		report planReport
		code   int
		lines  int
	}{
		"nothing":         {planReport{Apps: []plannedApp{{Summary: planSummary{Unchanged: 3, Skip: 1}}}}, exitHealthy, 0},
		"changes":         {planReport{Apps: []plannedApp{{}, changes}}, exitChanges, 0},
		"errors":          {planReport{Apps: []plannedApp{changes, failing()}}, exitError, 2},
		"a guard":         {planReport{Apps: []plannedApp{changes, blocked()}}, exitError, 1},
		"a wrong config":  {planReport{Apps: []plannedApp{changes}, Problems: []string{"lockstep.yaml:3: wrong"}}, exitError, 1},
		"nothing but one": {planReport{Problems: []string{"lockstep.yaml:3: wrong"}}, exitError, 1},
	} {
		var stderr bytes.Buffer
		code := exitCode(c.report.verdict(&stderr))
		if lines := strings.Count(stderr.String(), "\n"); code != c.code || lines != c.lines {
			t.Errorf("%s: exit code %d, %d lines, want %d, %d:\n%s", name, code, lines, c.code, c.lines, stderr.String())
		}
	}
}

func TestACommentIsNoLongerThanOneMayBe(t *testing.T) {
	const most = 65_536 // of GitHub's
	app := sample()
	for i := range 5_000 {
		app.Objects = append(app.Objects, plannedObject{Object: id("ConfigMap", fmt.Sprintf("many-%d", i)), Action: apply.Created})
	}
	bad := failing()
	for i := range 2_000 {
		bad.Errors = append(bad.Errors, planProblem{File: "a.yaml", Line: i, Message: strings.Repeat("wrong ", 20)})
	}
	report := &planReport{Apps: []plannedApp{app, bad, sample()}}
	text := report.written(t, outputMarkdown)
	if len(text) > most || strings.Count(text, "```")%2 != 0 || strings.Count(text, "<details>") != strings.Count(text, "</details>") {
		t.Errorf("%d bytes, ending in %s", len(text), text[len(text)-200:])
	}
	for _, want := range []string{"more lines", "The rest is too long", "many-0"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in it", want)
		}
	}
}

func TestNothingThatOthersWroteMovesACursorOrEndsABlock(t *testing.T) {
	app := sample()
	const evil = "\x1b[2J\n```\n</details>\u202e"
	app.Repository, app.Warnings, app.Errors = evil, []string{evil}, []planProblem{{Message: evil}}
	app.Objects[0].Why = evil
	app.Objects[0].Fields[0] = plannedField{Path: evil, New: new("x")}
	app.Objects[1].By = []string{evil}
	report := &planReport{Cluster: evil, Apps: []plannedApp{app}}
	text, comment := report.written(t, outputText), report.written(t, outputMarkdown)
	for _, bad := range []string{"\x1b", "\u202e"} {
		if strings.Contains(text+comment, bad) {
			t.Errorf("%q is printed", bad)
		}
	}
	if n := strings.Count(comment, "\n```"); n != 4 {
		t.Errorf("%d fences:\n%s", n, comment)
	}
}

func TestALongPlanSaysHowFarItIs(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	p := &planProgress{}
	web := &http.Client{Transport: counting{http.DefaultTransport.(*http.Transport).Clone(), &p.requests}}
	defer web.CloseIdleConnections()
	for range 3 {
		answer, err := web.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
	}
	p.done()
	for of, want := range map[int]string{1: "planning: 3 requests", 40: "planning: 1 of 40 apps, 3 requests"} {
		if got := p.line(of); got != want {
			t.Errorf("of %d: %q, want %q", of, got, want)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	ticks := make(chan time.Time)
	go func() {
		ticks <- time.Time{}
		stop()
	}()
	go func() {
		p.draw(ctx, writer, 1, ticks)
		_ = writer.Close()
	}()
	drawn, err := io.ReadAll(reader)
	if want := "\rplanning: 3 requests\x1b[K\r\x1b[K"; err != nil || string(drawn) != want {
		t.Errorf("drawn %q, %v, want %q", drawn, err, want)
	}
	var out bytes.Buffer
	p.show(t.Context(), &out, 1)()
	if out.Len() > 0 {
		t.Errorf("where there is no terminal: %q", out.String())
	}
}
