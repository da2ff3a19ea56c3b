package manifest_test

import "testing"

func TestListsInsideOfListsAreFlattened(t *testing.T) {
	set := read(t, folder("a.yaml", `apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: List
  items:
  - {apiVersion: v1, kind: A, metadata: {name: a}}
- apiVersion: apps/v1
  kind: DeploymentList
  items:
  - metadata:
      name: b
    status: {replicas: 1}
  - {apiVersion: v1, kind: B, metadata: {name: c}}
`))
	want := []struct {
		id   string
		line int
	}{{"a/a", 7}, {"deployment.apps/b", 11}, {"b/c", 14}}
	if len(set.Manifests) != len(want) {
		t.Fatalf("%d objects", len(set.Manifests))
	}
	for i, w := range want {
		m := set.Manifests[i]
		if m.ID.String() != w.id || m.Line != w.line || m.Object.Object["status"] != nil {
			t.Errorf("got %s at %d, want %s at %d: %v", m.ID, m.Line, w.id, w.line, m.Object)
		}
	}
}

func TestAnObjectWhoseKindEndsLikeAListIsOne(t *testing.T) {
	set := read(t, folder("a.yaml", "apiVersion: example.com/v1\nkind: AllowList\nmetadata: {name: a}\nspec: {items: []}\n"))
	if len(set.Manifests) != 1 || set.Manifests[0].ID.Kind != "AllowList" {
		t.Errorf("got %v", set.Manifests)
	}
}

func TestEachItemOfAListIsCheckedAtItsLine(t *testing.T) {
	all := refused(t, folder("a.yaml", `apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: A, metadata: {name: a}}
-
  apiVersion: v1
  kind: A
  metadata:
    name: a
- null
- apiVersion: v1
  kind: A
  metadata:
    name: b
    labels: {x: yes}
`))
	want := "a.yaml:6: a/a is in a.yaml:4 as well; a.yaml:10: want an object, this is null; " +
		"a.yaml:15: metadata.labels.x: want a text, this is a boolean; quote it"
	if all.Error() != want {
		t.Errorf("got  %s\nwant %s", all, want)
	}
}

func TestAListOfAliasesIsReadAtTheLinesOfTheAliases(t *testing.T) {
	all := refused(t, folder("a.yaml", "apiVersion: v1\nkind: List\nx: &x {apiVersion: v1, kind: A, metadata: {name: a}}\nitems:\n- *x\n- *x\n"))
	if want := "a.yaml:6: a/a is in a.yaml:5 as well"; all.Error() != want {
		t.Errorf("got  %s\nwant %s", all, want)
	}
}

func TestAListWithoutItemsIsOfNoUse(t *testing.T) {
	set := read(t, folder("a.yaml", "apiVersion: v1\nkind: List\n", "b.yaml", "apiVersion: v1\nkind: List\nitems: null\n"))
	if set.Ignored != 2 || set.Files != 2 || len(set.Manifests) != 0 {
		t.Errorf("%+v", set)
	}
}
