package inventory_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/apply/object"
)

var (
	web   = object.ID{Group: "apps", Kind: "Deployment", Namespace: "default", Name: "web-server"}
	svc   = object.ID{Kind: "Service", Namespace: "default", Name: "web-service"}
	shop  = object.ID{Kind: "Namespace", Name: "shop"}
	admin = object.ID{Group: "rbac.authorization.k8s.io", Kind: "ClusterRole", Name: "shop:admin"}
)

type entries = map[object.ID]inventory.Entry

func TestUnionHasTheObjectsOfBothAndTheEntryOfTheSecond(t *testing.T) {
	old, planned := inventory.Entry{Hash: "1"}, inventory.Entry{Hash: "2"}
	for _, tt := range []struct{ a, b, want entries }{
		{nil, nil, entries{}},
		{entries{web: old}, nil, entries{web: old}},
		{nil, entries{web: planned}, entries{web: planned}},
		{entries{web: old, svc: old}, entries{web: planned, shop: planned}, entries{web: planned, svc: old, shop: planned}},
	} {
		if got := inventory.Union(tt.a, tt.b); !maps.Equal(got, tt.want) {
			t.Errorf("Union(%v, %v) = %v, want %v", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestUnionLeavesItsArgumentsAlone(t *testing.T) {
	a := entries{web: {Hash: "1"}}
	inventory.Union(a, entries{web: {Hash: "2"}})[svc] = inventory.Entry{}
	if len(a) != 1 || a[web].Hash != "1" {
		t.Errorf("a is %v", a)
	}
}

func TestStaleIsWhatIsNoLongerWantedSorted(t *testing.T) {
	all := entries{web: {}, svc: {}, shop: {}, admin: {}}
	for _, tt := range []struct {
		old, desired entries
		want         []object.ID
	}{
		{nil, all, nil},
		{all, all, nil},
		{entries{web: {}}, entries{svc: {}}, []object.ID{web}},
		{all, nil, []object.ID{admin, shop, web, svc}},
		{all, entries{web: {Hash: "other"}, admin: {}}, []object.ID{shop, svc}},
	} {
		if got := inventory.Stale(tt.old, tt.desired); !slices.Equal(got, tt.want) {
			t.Errorf("Stale(%v, %v) = %v, want %v", tt.old, tt.desired, got, tt.want)
		}
	}
}
