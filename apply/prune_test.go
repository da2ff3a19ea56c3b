package apply_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/apply"
)

func settings(n int, annotations ...string) []string {
	var all []string
	for i := range n {
		all = append(all, configMap(fmt.Sprintf("settings-%d", i), "1", annotations...))
	}
	return all
}

func TestAnObjectThatLeavesGitIsPruned(t *testing.T) {
	a := newApp(t)
	a.mustSync([]string{"configmap/settings-0 created", "configmap/settings-1 created"}, settings(2)...)
	a.mustSync([]string{"configmap/settings-0 unchanged", "configmap/settings-1 pruned"}, settings(1)...)
	if a.live("v1", "ConfigMap", "settings-1") != nil {
		t.Error("it is still there")
	}
}

func TestNothingIsPrunedUnlessAskedFor(t *testing.T) {
	a := newApp(t)
	a.request.Prune = false
	a.mustSync([]string{"configmap/settings-0 created", "configmap/settings-1 created"}, settings(2)...)
	a.mustSync([]string{"configmap/settings-0 unchanged"}, settings(1)...)
}

func TestAnObjectWithoutOurLabelIsNotPruned(t *testing.T) {
	a := newApp(t)
	for change, want := range map[string]string{
		`{"metadata":{"labels":{"lockstep.dev/app":null}}}`:              `its label lockstep.dev/app says ""`,
		`{"metadata":{"labels":{"lockstep.dev/app":"other"}}}`:           `its label lockstep.dev/app says "other"`,
		`{"metadata":{"annotations":{"lockstep.dev/prune":"disabled"}}}`: `lockstep.dev/prune: disabled on the live object`,
	} {
		if err := a.sync(settings(2)...); err != nil {
			t.Fatal(err)
		}
		a.patch("settings-1", change)
		a.mustSync([]string{"configmap/settings-0 unchanged", "configmap/settings-1 skipped (" + want + ")"}, settings(1)...)
		if a.live("v1", "ConfigMap", "settings-1") == nil {
			t.Fatalf("%s: it is gone", change)
		}
		a.patch("settings-1", `{"metadata":{"annotations":null,"labels":{"lockstep.dev/app":"web"}}}`)
	}
}

func TestACommitThatRemovesMoreThanHalfIsBlocked(t *testing.T) {
	a := newApp(t)
	if err := a.sync(settings(6)...); err != nil {
		t.Fatal(err)
	}
	_, err := a.plan(settings(2)...)
	var blocked *apply.Blocked
	if !errors.As(err, &blocked) || len(blocked.Objects) != 4 {
		t.Fatalf("error: %v", err)
	}
	for _, want := range []string{"4 of 6 objects", "configmap/settings-2, configmap/settings-3", apply.AllowPruneAnnotation} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	allowed := settings(2, `lockstep.dev/allow-prune: "true"`)
	if err := a.sync(allowed...); err != nil {
		t.Fatal(err)
	}
	if a.live("v1", "ConfigMap", "settings-5") != nil {
		t.Error("allowed, and still there")
	}
}

func TestACommitWithoutObjectsIsBlocked(t *testing.T) {
	a := newApp(t)
	if err := a.sync(settings(1)...); err != nil {
		t.Fatal(err)
	}
	var blocked *apply.Blocked
	if _, err := a.plan(); !errors.As(err, &blocked) {
		t.Fatalf("error: %v", err)
	}
}

func TestAVolumeClaimIsNotPrunedUnasked(t *testing.T) {
	a := newApp(t)
	claim := `apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
`
	if err := a.sync(append(settings(6), claim)...); err != nil {
		t.Fatal(err)
	}
	var blocked *apply.Blocked
	if _, err := a.plan(settings(6)...); !errors.As(err, &blocked) || blocked.Objects[0].Name != "data" {
		t.Fatalf("error: %v", err)
	}
}

func TestWhatSomebodyDeletedByHandNoLongerBlocks(t *testing.T) {
	a := newApp(t)
	if err := a.sync(settings(6)...); err != nil {
		t.Fatal(err)
	}
	for i := 1; i < 6; i++ {
		if err := a.client.Delete(t.Context(), a.live("v1", "ConfigMap", fmt.Sprintf("settings-%d", i))); err != nil {
			t.Fatal(err)
		}
	}
	a.mustSync([]string{"configmap/settings-0 unchanged"}, settings(1)...)
}
