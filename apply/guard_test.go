package apply_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/apply/object"
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
	record := "apiVersion: v1\nkind: Secret\nmetadata: {name: lockstep.web, labels: {lockstep.dev/app: web}}\ntype: lockstep.dev/inventory\n"
	account := "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: lockstep, labels: {app.kubernetes.io/name: lockstep, lockstep.dev/app: web}}\n"
	for document, name := range map[string]string{record: "secret/lockstep.web", account: "serviceaccount/lockstep"} {
		a := newApp(t)
		if err := a.sync(settings(6)...); err != nil {
			t.Fatal(err)
		}
		live := parse(t, document)
		live.SetNamespace(a.request.Namespace)
		if err := a.client.Create(t.Context(), live); err != nil {
			t.Fatal(err)
		}
		a.request.Recorded[object.Of(live)] = inventory.Entry{Version: "v1", Hash: "x"}
		_, err := a.plan(settings(6, `lockstep.dev/allow-prune: "true"`)...)
		var blocked *apply.Blocked
		want := "an object of Lockstep itself: would delete " + name + "; to have it gone, delete it by hand"
		if !errors.As(err, &blocked) || err.Error() != want {
			t.Errorf("error: %v", err)
		}
	}
}

func TestARecordOfLockstepIsRefusedFromGit(t *testing.T) {
	a := newApp(t)
	for _, secret := range []string{
		"metadata: {name: lockstep.web}\nstringData: {a: b}\n",
		"metadata: {name: lockstep.web.1}\n",
		"metadata: {name: lockstep.other}\ntype: lockstep.dev/inventory\n",
		"metadata: {name: lockstep-request.other}\n",
		"metadata: {name: anything}\ntype: lockstep.dev/request\n",
	} {
		_, err := a.plan("apiVersion: v1\nkind: Secret\n"+secret, configMap("settings", "1"))
		if err == nil || !strings.Contains(err.Error(), "a record that Lockstep itself keeps") {
			t.Errorf("%q: %v", secret, err)
		}
	}
	if _, err := a.plan("apiVersion: v1\nkind: Secret\nmetadata: {name: lockstep.webhook-key}\n"); err != nil {
		t.Error(err)
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
