package apply

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/apply/object"
)

// FuzzPrunePlan makes up what an app has on record, wants and finds, and holds the answer against what is true of any.
func FuzzPrunePlan(f *testing.F) {
	for seed := range uint64(50) {
		f.Add(seed, uint8(seed), uint8(seed/2), uint8(seed%7), seed%5 == 0)
	}
	f.Fuzz(func(t *testing.T, seed uint64, recorded, wanted, allowed uint8, failing bool) {
		random := rand.New(rand.NewPCG(seed, 0))
		h := holdings{
			app: "web", recorded: map[object.ID]inventory.Entry{}, wanted: map[object.ID]bool{},
			found: map[object.ID]finding{},
		}
		for range recorded {
			h.recorded[anyID(random)] = inventory.Entry{Version: "v1"}
		}
		for range wanted {
			h.wanted[anyID(random)] = true
		}
		for _, id := range inventory.Stale(h.recorded, h.wanted) {
			h.found[id] = finding{live: anyLive(random, id)}
		}
		if failing {
			h.lose(random)
		}
		stale, err := h.stale()
		if h.failed() {
			if err == nil || len(stale) > 0 {
				t.Fatalf("a look failed, and %d objects are to go: %v", len(stale), err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		checkStale(t, h, stale)
		limits := terms{owned: len(h.recorded), manifests: len(h.wanted), allowed: int(allowed)}
		if err := limits.check(stale); err == nil {
			checkGuarded(t, limits, stale)
		}
	})
}

// anyID is one of so few that what is recorded and what is wanted overlap.
func anyID(random *rand.Rand) object.ID {
	kinds := []object.ID{
		{Kind: "ConfigMap"},
		{Kind: "Secret"},
		{Kind: "PersistentVolumeClaim"},
		{Group: "apps", Kind: "Deployment"},
		{Group: "example.com", Kind: "Widget"},
	}
	switch id := kinds[random.IntN(len(kinds))]; random.IntN(8) {
	case 0:
		return object.ID{Kind: "Namespace", Name: []string{"shop", "kube-system", "other"}[random.IntN(3)]}
	case 1:
		return object.ID{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition", Name: "widgets.example.com"}
	default:
		id.Namespace = []string{"shop", "shop", "shop", "kube-system"}[random.IntN(4)]
		id.Name = fmt.Sprint(random.IntN(12))
		return id
	}
}

// anyLive is an object of that name in any of the states that a prune tells apart, nil if there is none.
func anyLive(random *rand.Rand, id object.ID) *unstructured.Unstructured {
	live := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": id.Kind}}
	labels := map[string]string{OwnerLabel: "web"}
	switch random.IntN(16) {
	case 0:
		return nil
	case 1:
		labels = nil
	case 2:
		labels[OwnerLabel] = "other"
	case 3:
		live.SetAnnotations(map[string]string{PruneAnnotation: disabled})
	case 4:
		live.SetAnnotations(map[string]string{ReconcileAnnotation: disabled})
	case 5:
		_ = unstructured.SetNestedField(live.Object, "2026-01-02T15:04:05Z", "metadata", "deletionTimestamp")
	case 6:
		labels["app.kubernetes.io/name"] = "lockstep"
	case 7:
		live.Object["type"] = string(inventory.SecretType)
	}
	live.SetLabels(labels)
	if isCRD(id) {
		live.Object["spec"] = map[string]any{"group": "example.com", "names": map[string]any{"kind": "Widget"}}
	}
	return live
}

// lose has one of the looks fail, or not take place.
func (h holdings) lose(random *rand.Rand) {
	for id, found := range h.found {
		found.err = errors.New("unreachable")
		if h.found[id] = found; random.IntN(2) == 0 {
			delete(h.found, id)
		}
		return
	}
}

func (h holdings) failed() bool {
	return slices.ContainsFunc(inventory.Stale(h.recorded, h.wanted), func(id object.ID) bool {
		found, looked := h.found[id]
		return !looked || found.err != nil
	})
}

func checkStale(t *testing.T, h holdings, stale []*Change) {
	t.Helper()
	seen := map[object.ID]bool{}
	for _, c := range stale {
		_, recorded := h.recorded[c.ID]
		live := h.found[c.ID].live
		if !recorded || h.wanted[c.ID] || live == nil || seen[c.ID] {
			t.Errorf("%s: recorded %v, wanted %v, live %v", c.ID, recorded, h.wanted[c.ID], live != nil)
		}
		seen[c.ID] = true
		if c.Action == Pruned {
			checkDoomed(t, h, c)
		} else if c.Action != Skipped || c.Why == "" {
			t.Errorf("%s stays without a reason: %s", c.ID, c.Action)
		}
	}
}

// checkDoomed is for an object that is to go.
func checkDoomed(t *testing.T, h holdings, c *Change) {
	t.Helper()
	live := h.found[c.ID].live
	kept := annotated(live, PruneAnnotation, disabled) || annotated(live, ReconcileAnnotation, disabled)
	if live.GetLabels()[OwnerLabel] != h.app || kept || live.GetDeletionTimestamp() != nil {
		t.Errorf("%s is to go: %v", c.ID, live.Object)
	}
	for id := range h.wanted {
		if isNamespace(c.ID) && id.Namespace == c.ID.Name || isCRD(c.ID) && id.Kind == "Widget" {
			t.Errorf("%s is to go, and %s with it, which the commit has", c.ID, id)
		}
	}
}

func checkGuarded(t *testing.T, limits terms, stale []*Change) {
	t.Helper()
	doomed := idsOf(stale, func(*Change) bool { return true })
	for _, c := range stale {
		if c.Action == Pruned && (isSystem(c.ID) || isLockstep(c.Before)) {
			t.Errorf("%s is protected, and to go", c.ID)
		}
		if c.Action == Pruned && isPrecious(c.ID) && len(doomed) > limits.allowed {
			t.Errorf("%s goes with only %d of %d allowed", c.ID, limits.allowed, len(doomed))
		}
	}
	if most := limits.owned >= guardFrom && 2*len(doomed) > limits.owned; len(doomed) > limits.allowed && (most || limits.manifests == 0) {
		t.Errorf("%d of %d go with %d allowed", len(doomed), limits.owned, limits.allowed)
	}
}
