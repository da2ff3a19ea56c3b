package object_test

import (
	"encoding/json"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lockstep-dev/lockstep/apply/object"
)

var deployment = object.ID{Group: "apps", Kind: "Deployment", Namespace: "default", Name: "web-server"}

func TestIDOfAnObjectLeavesTheVersionOut(t *testing.T) {
	o := &unstructured.Unstructured{}
	for _, version := range []string{"apps/v1", "apps/v1beta1"} {
		o.SetAPIVersion(version)
		o.SetKind("Deployment")
		o.SetNamespace("default")
		o.SetName("web-server")
		if got := object.Of(o); got != deployment {
			t.Errorf("Of(%s) = %+v, want %+v", version, got, deployment)
		}
	}
}

func TestIDPrintsAsKubectlDoes(t *testing.T) {
	for want, id := range map[string]object.ID{
		"deployment.apps/web-server": deployment,
		"service/web-service":        {Kind: "Service", Namespace: "default", Name: "web-service"},
		"namespace/shop":             {Kind: "Namespace", Name: "shop"},
	} {
		if got := id.String(); got != want {
			t.Errorf("String() = %q, want %q", got, want)
		}
	}
}

func TestIDSurvivesAsTheKeyOfAMap(t *testing.T) {
	want := map[object.ID]int{
		deployment:                        1,
		{Kind: "Namespace", Name: "shop"}: 2,
		{Group: "rbac.authorization.k8s.io", Kind: "ClusterRole", Name: "system:node"}: 3,
	}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got map[object.ID]int
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	for id, n := range want {
		if got[id] != n {
			t.Errorf("%s: got %d, want %d, in %s", id, got[id], n, text)
		}
	}
}

func TestParseRefusesWhatIsNoID(t *testing.T) {
	for _, text := range []string{"", "Pod", "Pod/web", "Pod/default/", "/default/web", "Pod/a/b/c"} {
		if id, err := object.Parse(text); err == nil {
			t.Errorf("Parse(%q) = %+v, want an error", text, id)
		}
	}
}

func TestCompareSortsByNamespaceFirst(t *testing.T) {
	ids := []object.ID{{Kind: "Pod", Namespace: "b", Name: "a"}, {Kind: "Service", Namespace: "a", Name: "z"}, {Kind: "Pod", Namespace: "a", Name: "z"}}
	slices.SortFunc(ids, object.Compare)
	if ids[0].Kind != "Pod" || ids[1].Kind != "Service" || ids[2].Namespace != "b" {
		t.Errorf("sorted: %v", ids)
	}
}
