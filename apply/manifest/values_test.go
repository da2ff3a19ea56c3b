package manifest_test

import (
	"reflect"
	"strings"
	"testing"
)

func TestValuesAreWhatKubectlMakesOfThem(t *testing.T) {
	for text, want := range map[string]any{
		"3": int64(3), "-3": int64(-3), "0644": int64(420), "0o644": int64(420), "0x1f": int64(31), "1_000": int64(1000),
		"9223372036854775807": int64(9223372036854775807), "1.5": 1.5, "1e3": int64(1000),
		"1e300": 1e300, "yes": true, "on": true, "Off": false, "n": false, "true": true, "~": nil, "null": nil, `"yes"`: "yes",
		`"0644"`: "0644", "1.27": 1.27, "nginx:1.27": "nginx:1.27", "2024-01-01": "2024-01-01", "12:30": "12:30",
		"!!str 5": "5", "|\n  a\n  b\n": "a\nb\n", ">-\n  a\n  b\n": "a b", "[]": []any{}, "{}": map[string]any{},
		`{"a": [1, {b: c}]}`: map[string]any{"a": []any{int64(1), map[string]any{"b": "c"}}}, `"\u00e9\n"`: "é\n",
		"{80: a}": map[string]any{"80": "a"},
	} {
		set := read(t, folder("a.yaml", named+"x: "+text+"\n"))
		if got := set.Manifests[0].Object.Object["x"]; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v (%T), want %v (%T)", text, got, got, want, want)
		}
	}
}

func TestValuesInJSONAreWhatKubectlMakesOfThem(t *testing.T) {
	for text, want := range map[string]any{
		"3": int64(3), "9223372036854775807": int64(9223372036854775807), "1.5": 1.5,
		"1e3": 1e3, "true": true, "null": nil, `"yes"`: "yes", `"\ud83d\ude00\/"`: "😀/", "[]": []any{}, "{}": map[string]any{},
	} {
		set := read(t, folder("a.json", "{\"apiVersion\":\"v1\",\n\t\"kind\":\"A\",\"metadata\":{\"name\":\"a\"},\"x\":"+text+"}"))
		if got := set.Manifests[0].Object.Object["x"]; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v (%T), want %v (%T)", text, got, got, want, want)
		}
	}
}

func TestAnchorsAndMergesAreWrittenOut(t *testing.T) {
	set := read(t, folder("a.yaml", named+"x: &x {a: 1, b: 2}\nz: {<<: *x, b: 3}\nlist: [*x]\n"))
	o := set.Manifests[0].Object.Object
	x := map[string]any{"a": int64(1), "b": int64(2)}
	if !reflect.DeepEqual(o["z"], map[string]any{"a": int64(1), "b": int64(3)}) || !reflect.DeepEqual(o["list"], []any{x}) {
		t.Errorf("got %v", o)
	}
}

func TestNamesThatTheClusterAllowsAreAllowed(t *testing.T) {
	for _, text := range []string{
		"apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: 'shop:admin'}\n",
		"apiVersion: apiregistration.k8s.io/v1\nkind: APIService\nmetadata: {name: v1.metrics.k8s.io}\n",
		"apiVersion: user.openshift.io/v1\nkind: User\nmetadata: {name: ann@example.com}\n",
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: ''}\n",
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: null, annotations: {}}\ndata: null\n",
	} {
		if set := read(t, folder("a.yaml", text)); len(set.Manifests) != 1 {
			t.Errorf("%q: %d objects", text, len(set.Manifests))
		}
	}
}

func TestNamesThatTheClusterRefusesAreRefused(t *testing.T) {
	for _, tt := range [][2]string{
		{"apiVersion: v1\nkind: Service\nmetadata: {name: Web_Server}\n", "a.yaml:3: metadata.name: not a valid name: a lowercase RFC 1123 subdomain"},
		{"apiVersion: v1\nkind: Service\nmetadata: {name: " + strings.Repeat("a", 254) + "}\n", "a.yaml:3: metadata.name: not a valid name: must be no more than 253"},
		{"apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: a/b}\n", "a.yaml:3: metadata.name: not a valid name: may not contain '/'"},
		{"apiVersion: example.com/v1\nkind: A\nmetadata: {name: ..}\n", "a.yaml:3: metadata.name: not a valid name: may not be '..'"},
		{named + "  namespace: a.b\n", "a.yaml:5: metadata.namespace: not a valid namespace: must not contain dots"},
	} {
		if got := refused(t, folder("a.yaml", tt[0])).Error(); !strings.HasPrefix(got, tt[1]) {
			t.Errorf("got %s, want %s", got, tt[1])
		}
	}
}
