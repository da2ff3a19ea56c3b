package apply

import (
	"errors"
	"strconv"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/apply/manifest"
	"github.com/lockstep-dev/lockstep/apply/object"
)

func TestGoingBackIsNotBlockedByCountsAndNeverTouchesTheSystem(t *testing.T) {
	var many []*Change
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		many = append(many, &Change{ID: object.ID{Kind: "ConfigMap", Namespace: "shop", Name: name}, Action: Pruned})
	}
	t.Run("many", func(t *testing.T) {
		limits := terms{owned: 8, manifests: 2}
		if limits.check(many) == nil {
			t.Error("an ordinary commit may remove 6 of 8 objects")
		}
		limits.returning = true
		if err := limits.check(many); err != nil {
			t.Error(err)
		}
	})
	t.Run("many, of a commit out of git", func(t *testing.T) {
		if _, is := errors.AsType[*Blocked](guard(&Plan{Stale: many}, ofThePast(0))); !is {
			t.Error("what the commit allowed when it was new counts again")
		}
		if err := guard(&Plan{Stale: many}, ofThePast(6)); err != nil {
			t.Error(err)
		}
	})
	t.Run("everything", func(t *testing.T) {
		if (terms{owned: 6, returning: true}).check(many) == nil {
			t.Error("a state without objects may remove everything")
		}
	})
	t.Run("the system", func(t *testing.T) {
		system := []*Change{{ID: object.ID{Kind: "ConfigMap", Namespace: "kube-system", Name: "a"}, Action: Pruned}}
		if (terms{owned: 8, manifests: 2, returning: true}).check(system) == nil {
			t.Error("an object of Kubernetes itself may be removed")
		}
	})
}

// ofThePast goes back to a commit of one object that allowed any deletion when it was new, of an app that owns 8.
func ofThePast(allowed int) Request {
	kept := manifest.Manifest{Object: &unstructured.Unstructured{}}
	kept.Object.SetAnnotations(map[string]string{AllowPruneAnnotation: "true"})
	owned := map[object.ID]inventory.Entry{}
	for i := range 8 {
		owned[object.ID{Kind: "ConfigMap", Name: strconv.Itoa(i)}] = inventory.Entry{}
	}
	return Request{Manifests: []manifest.Manifest{kept}, Recorded: owned, Returning: true, Past: true, AllowPrune: allowed}
}

func TestWhatWasRenderedIsKnownOnlyIfItWasAppliedLast(t *testing.T) {
	workload := func(fields map[string]any) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{"kind": "Deployment", "spec": fields}}
	}
	scaled, bare := workload(map[string]any{"replicas": int64(3)}), workload(map[string]any{})
	for name, test := range map[string]struct {
		recorded inventory.Entry
		known    bool
	}{
		"as it is":                  {inventory.Entry{Hash: Digest(scaled.Object)}, true},
		"without the count":         {inventory.Entry{Hash: Digest(bare.Object), Yielded: true}, true},
		"the count was not yielded": {inventory.Entry{Hash: Digest(bare.Object)}, false},
		"something else":            {inventory.Entry{Hash: "another"}, false},
		"only intended":             {inventory.Entry{}, false},
	} {
		if got := LastApplied(scaled.DeepCopy(), test.recorded); (got != nil) != test.known {
			t.Errorf("%s: %v", name, got)
		}
	}
}
