package object_test

import (
	"reflect"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lockstep-dev/lockstep/apply/object"
)

func TestWhatIsPackedComesOutAsItWas(t *testing.T) {
	o := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "web-server", "generation": int64(1) << 60},
		"spec": map[string]any{"replicas": int64(3), "ratio": 0.5, "paused": false, "none": nil, "list": []any{"<a> & b", map[string]any{}}},
	}}
	packed, err := object.Pack(o)
	if err != nil {
		t.Fatal(err)
	}
	if got := packed.Unpack(); !reflect.DeepEqual(got, o) {
		t.Errorf("got %#v", got.Object)
	}
	if got := object.Packed("{").Unpack(); len(got.Object) > 0 {
		t.Errorf("of what was not packed: %v", got)
	}
}
