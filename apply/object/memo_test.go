package object

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// counting is a mapper that counts what it is asked.
type counting struct {
	*meta.DefaultRESTMapper
	asked int
}

func (c *counting) RESTMapping(kind schema.GroupKind, versions ...string) (*meta.RESTMapping, error) {
	c.asked++
	return c.DefaultRESTMapper.RESTMapping(kind, versions...)
}

func TestAMemoAsksOnceAMinute(t *testing.T) {
	gvk := schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}
	next := &counting{DefaultRESTMapper: meta.NewDefaultRESTMapper(nil)}
	mapper, now := Memo(next), time.Now()
	mapper.(*memo).now = func() time.Time { return now }
	if _, err := mapper.RESTMapping(gvk.GroupKind(), gvk.Version); !meta.IsNoMatchError(err) {
		t.Fatalf("a kind that is not there: %v", err)
	}
	next.Add(gvk, meta.RESTScopeNamespace)
	ask := func() {
		t.Helper()
		mapping, err := mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
		if err != nil || mapping.Resource.Resource != "deployments" {
			t.Fatalf("a kind that has come: %v, %v", mapping, err)
		}
	}
	ask()
	ask()
	if next.asked != 2 {
		t.Errorf("asked %d times; want once while the kind was away, and once when it had come", next.asked)
	}
	now = now.Add(2 * memoAge)
	ask()
	if next.asked != 3 {
		t.Errorf("asked %d times; want it asked again after a minute", next.asked)
	}
}
