package health_test

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/lockstep-dev/lockstep/health"
)

// state builds what the case describes.
func (c testCase) state(t testing.TB) health.State {
	t.Helper()
	cluster := change{}.merge(t, readObjects(t, filepath.Join("testdata", "base", c.Base+".yaml")))
	for _, pod := range c.Unready {
		cluster = change{"Pod/" + pod, unready}.merge(t, cluster)
	}
	for _, p := range c.Patch {
		cluster = p.merge(t, cluster)
	}
	c.reroute(t, cluster)
	for _, o := range c.Add {
		cluster = append(cluster, unstructuredOf(t, o))
	}
	applied, last := change{}.merge(t, cluster), cluster
	for _, p := range c.Gone {
		last = p.merge(t, last)
		cluster = change{Object: p.Object}.merge(t, cluster)
	}
	for _, p := range c.Apply {
		applied = p.merge(t, applied)
	}
	for _, name := range c.Drop {
		applied = change{Object: name}.merge(t, applied)
	}
	rules, err := health.Compile(c.Rules)
	must(t, err)
	proof, err := time.ParseDuration(cmp.Or(c.Proof, "0s"))
	must(t, err)
	s := health.State{Blind: c.Blind, Now: c.Now, Proof: proof, Rules: rules, Nodes: c.rooms(t), Logs: c.logs(t, cluster)}
	for i, e := range c.Events {
		s.Events = append(s.Events, e.object(t, i, cluster))
	}
	for _, o := range cluster {
		explain(t, &s, o)
	}
	for _, o := range applied {
		if isApplied(o) {
			s.Targets = append(s.Targets, c.target(o, cluster, last))
		}
	}
	return s
}

// target is o as applied, beside its copy in the cluster, or as it was last there.
func (c testCase) target(o *unstructured.Unstructured, cluster, last []*unstructured.Unstructured) health.Target {
	target := health.Target{Applied: o, Seen: c.Seen, Passive: o.GetKind() == "ConfigMap"}
	if target.Seen == "" {
		target.Seen = "100000"
	}
	target.Live = objectNamed(cluster, name(o))
	if target.Live == nil {
		target.Last = objectNamed(last, name(o))
	}
	if target.Passive {
		target.Live, target.Last = nil, nil
	}
	return target
}

func objectNamed(objects []*unstructured.Unstructured, wanted string) *unstructured.Unstructured {
	at := slices.IndexFunc(objects, func(o *unstructured.Unstructured) bool { return name(o) == wanted })
	if at < 0 {
		return nil
	}
	return objects[at]
}

// unready is a pod that runs and is not ready.
var unready = map[string]any{"status": map[string]any{"conditions": []any{map[string]any{"type": "Ready", "status": "False"}}}}

// reroute takes out of the slices the endpoints that the case does not want.
func (c testCase) reroute(t testing.TB, cluster []*unstructured.Unstructured) {
	t.Helper()
	for _, o := range cluster {
		if o.GetKind() != "EndpointSlice" || c.Route == nil {
			continue
		}
		all, _, err := unstructured.NestedSlice(o.Object, "endpoints")
		must(t, err)
		kept := slices.DeleteFunc(all, func(e any) bool {
			pod, _, err := unstructured.NestedString(e.(map[string]any), "targetRef", "name")
			must(t, err)
			return !slices.Contains(*c.Route, pod)
		})
		must(t, unstructured.SetNestedSlice(o.Object, kept, "endpoints"))
	}
}

func name(o *unstructured.Unstructured) string { return o.GetKind() + "/" + o.GetName() }

// isApplied tells what a person applies from what controllers make of it.
func isApplied(o *unstructured.Unstructured) bool {
	switch o.GetKind() {
	case "Pod", "ReplicaSet", "Job":
		return len(o.GetOwnerReferences()) == 0
	case "EndpointSlice", "ControllerRevision", "StorageClass", "Event":
		return false
	}
	return true
}

// explain adds to s what o is to other objects.
func explain(t testing.TB, s *health.State, o *unstructured.Unstructured) {
	t.Helper()
	switch o.GetKind() {
	case "Pod":
		s.Pods = append(s.Pods, typed(t, o, &corev1.Pod{}))
	case "ReplicaSet":
		s.ReplicaSets = append(s.ReplicaSets, typed(t, o, &appsv1.ReplicaSet{}))
	case "ControllerRevision":
		s.Revisions = append(s.Revisions, typed(t, o, &appsv1.ControllerRevision{}))
	case "Service":
		s.Services = append(s.Services, o)
	case "PersistentVolumeClaim":
		s.Claims = append(s.Claims, typed(t, o, &corev1.PersistentVolumeClaim{}))
	case "StorageClass":
		s.Classes = append(s.Classes, o)
	case "Job":
		s.Jobs = append(s.Jobs, o)
	case "Event":
		s.Events = append(s.Events, typed(t, o, &corev1.Event{}))
	case "EndpointSlice":
		s.Slices = append(s.Slices, typed(t, o, &discoveryv1.EndpointSlice{}))
	}
}

func typed[T any](t testing.TB, o *unstructured.Unstructured, into *T) *T {
	t.Helper()
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(o.Object, into, true); err != nil {
		t.Fatalf("%s: %v", name(o), err)
	}
	return into
}

// merge returns copies of objects, changed where c applies.
func (c change) merge(t testing.TB, objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	t.Helper()
	changed := make([]*unstructured.Unstructured, 0, len(objects))
	hits := 0
	for _, o := range objects {
		o = o.DeepCopy()
		if hit, err := path.Match(c.Object, name(o)); err != nil {
			t.Fatal(err)
		} else if hit {
			hits++
			if c.Merge == nil {
				continue
			}
			mergeInto(o.Object, c.Merge)
			o = unstructuredOf(t, o.Object)
		}
		changed = append(changed, o)
	}
	if c.Object != "" && hits == 0 {
		t.Fatalf("no object %s to change", c.Object)
	}
	return changed
}

// mergeInto is RFC 7386.
func mergeInto(into, patch map[string]any) {
	for key, value := range patch {
		sub, nested := value.(map[string]any)
		was, there := into[key].(map[string]any)
		switch {
		case value == nil:
			delete(into, key)
		case nested && there:
			mergeInto(was, sub)
		default:
			into[key] = value
		}
	}
}

// unstructuredOf reads fields as from the API server: whole numbers are int64.
func unstructuredOf(t testing.TB, fields map[string]any) *unstructured.Unstructured {
	t.Helper()
	content, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	o := &unstructured.Unstructured{}
	if err := o.UnmarshalJSON(content); err != nil {
		t.Fatalf("%s: %v", content, err)
	}
	return o
}

func readObjects(t testing.TB, file string) []*unstructured.Unstructured {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var objects []*unstructured.Unstructured
	documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return objects
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		var fields map[string]any
		if err := yaml.Unmarshal(document, &fields); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		objects = append(objects, unstructuredOf(t, fields))
	}
}
