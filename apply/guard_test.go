package apply_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/apply"
)

func TestANumberAllowsThatManyDeletions(t *testing.T) {
	for _, c := range []struct {
		annotation string
		config     int
		allowed    bool
	}{
		{`lockstep.dev/allow-prune: "3"`, 0, false},
		{`lockstep.dev/allow-prune: "4"`, 0, true},
		{`lockstep.dev/allow-prune: "true"`, 0, true},
		{`lockstep.dev/allow-prune: "yes"`, 0, false},
		{`lockstep.dev/allow-prune: "-4"`, 0, false},
		{`a: b`, 3, false},
		{`a: b`, 4, true},
	} {
		a := newApp(t)
		if err := a.sync(settings(6)...); err != nil {
			t.Fatal(err)
		}
		a.request.AllowPrune = c.config
		plan, err := a.plan(settings(2, c.annotation)...)
		var blocked *apply.Blocked
		if c.allowed && (err != nil || len(plan.Stale) != 4) || !c.allowed && (!errors.As(err, &blocked) || blocked.Allow != 4) {
			t.Errorf("%s and %d: %v", c.annotation, c.config, err)
		}
	}
}

func TestABlockedPlanSaysWhatWouldAllowIt(t *testing.T) {
	a := newApp(t)
	if err := a.sync(settings(9)...); err != nil {
		t.Fatal(err)
	}
	_, err := a.plan(settings(1)...)
	const want = "the commit removes 8 of 9 objects: would delete configmap/settings-1, configmap/settings-2, configmap/settings-3, " +
		"configmap/settings-4, configmap/settings-5, and 3 more; to allow it, annotate an object of the commit with " +
		`lockstep.dev/allow-prune: "8", set allowPrune: 8 for the app, or delete them by hand`
	if err == nil || err.Error() != want {
		t.Errorf("told %v", err)
	}
}

func TestWhatLockstepStandsOnIsNeverPruned(t *testing.T) {
	inventory := "apiVersion: v1\nkind: Secret\nmetadata: {name: lockstep.web}\ntype: lockstep.dev/inventory\n"
	account := "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: lockstep, labels: {app.kubernetes.io/name: lockstep}}\n"
	for document, name := range map[string]string{inventory: "secret/lockstep.web", account: "serviceaccount/lockstep"} {
		a := newApp(t)
		if err := a.sync(append(settings(6), document)...); err != nil {
			t.Fatal(err)
		}
		_, err := a.plan(settings(6, `lockstep.dev/allow-prune: "true"`)...)
		var blocked *apply.Blocked
		want := "an object of Lockstep itself: would delete " + name + "; to have it gone, delete it by hand"
		if !errors.As(err, &blocked) || err.Error() != want {
			t.Errorf("error: %v", err)
		}
	}
}

func TestANamespaceStaysAsLongAsTheCommitHasObjectsInIt(t *testing.T) {
	a := newApp(t)
	name := a.request.Namespace + "-own"
	t.Cleanup(func() { a.remove("v1", "Namespace", name) })
	namespace := "apiVersion: v1\nkind: Namespace\nmetadata: {name: " + name + "}\n"
	inside := strings.Replace(configMap("settings", "1"), "name: settings", "name: settings\n  namespace: "+name, 1)
	if err := a.sync(namespace, inside); err != nil {
		t.Fatal(err)
	}
	a.request.AllowPrune = 10
	a.mustSync([]string{"configmap/settings unchanged", fmt.Sprintf("namespace/%s skipped (the commit still has configmap/settings)", name)}, inside)
}
