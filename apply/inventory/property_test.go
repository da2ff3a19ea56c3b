package inventory

import (
	stdjson "encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// chance makes inventories that nobody thought of.
type chance struct{ *rand.Rand }

func (c chance) text() string {
	signs := []rune("aé\"\\\n/.:<&\u2028-0*")
	text := make([]rune, c.IntN(12))
	for i := range text {
		text[i] = signs[c.IntN(len(signs))]
	}
	return string(text)
}

func (c chance) name() string      { return fmt.Sprintf("n%d", c.IntN(1_000_000)) }
func (c chance) flag() bool        { return c.IntN(2) == 0 }
func (c chance) moment() time.Time { return time.Unix(c.Int64N(1<<32), c.Int64N(1e9)).UTC() }

func (c chance) value(depth int) any {
	switch kind := c.IntN(7); {
	case kind == 0 && depth > 0:
		return map[string]any{c.text(): c.value(depth - 1), c.text(): c.value(depth - 1)}
	case kind == 1 && depth > 0:
		return []any{c.value(depth - 1), c.value(depth - 1)}
	case kind == 2:
		return c.Int64() - 1<<62
	case kind == 3:
		return c.Float64() + 0.5 // a whole number would come back as one
	case kind == 4:
		return c.flag()
	case kind == 5:
		return nil
	default:
		return c.text()
	}
}

func (c chance) inventory() *Inventory {
	i := New("web")
	i.Source, i.Path, i.Set, i.Account, i.Revision = c.name(), c.text(), c.text(), c.text(), c.text()
	i.Prune, i.Leaving = c.flag(), c.flag()
	for range c.IntN(20) {
		id := object.ID{Kind: c.name(), Name: c.name()}
		if c.flag() {
			id.Group, id.Namespace = c.name()+".example.com", c.name()
		}
		i.Entries[id] = Entry{Version: c.text(), Hash: c.text(), Fingerprint: c.text()}
	}
	for range c.IntN(MaxHistory + 3) {
		i.Remember(Record{
			Revision: c.text(), Author: c.text(), Message: c.text(), State: c.text(), Reason: c.text(),
			At: c.moment(), Duration: time.Duration(c.IntN(1e6)) * time.Millisecond, Objects: c.IntN(99),
		})
	}
	if c.flag() {
		item := Item{File: c.text(), Object: &unstructured.Unstructured{Object: map[string]any{c.text(): c.value(3), c.text(): c.value(3)}}}
		packed, _ := Pack([]Item{item})
		i.Keep(State{Revision: c.text(), At: c.moment(), Content: c.text(), Objects: 1, Packed: packed})
		i.Reject(Rejection{Revision: c.text(), Content: c.text(), Reason: c.text(), Message: c.text(), At: c.moment()}, c.text())
	}
	return i
}

func TestWhateverIsSavedIsWhatIsLoaded(t *testing.T) {
	s := NewStore(nil, "lockstep-system")
	for seed := range uint64(500) {
		want := chance{rand.New(rand.NewPCG(seed, 0))}.inventory()
		payload, err := encode(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := new(known).read("web", s.divide("web", versionPlain, payload).head, nil)
		want.stored = true
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: %v\n got %+v\nwant %+v", seed, err, got, want)
		}
		for _, s := range got.Healthy {
			if items, err := s.Items(); err != nil || len(items) != s.Objects {
				t.Fatalf("seed %d: a state of %d objects, %v", seed, len(items), err)
			}
		}
		if !reflect.DeepEqual(got.clone(), want) {
			t.Fatalf("seed %d: a copy differs", seed)
		}
	}
}

func TestACopyCanBeChanged(t *testing.T) {
	i, want := full(), full()
	c := i.clone()
	clear(c.Entries)
	c.History[0].State, c.Return.To = "Failed", "another"
	c.Healthy[0].Revision, c.Rejected[0].Revision = "another", "another"
	if !reflect.DeepEqual(i, want) {
		t.Errorf("changed with its copy: %+v", i)
	}
}

// TestWhatAnOlderLockstepLosesPrunesNothing is why the fields of several apps came without a new version of the format.
func TestWhatAnOlderLockstepLosesPrunesNothing(t *testing.T) {
	text, err := stdjson.Marshal(full())
	if err != nil {
		t.Fatal(err)
	}
	var before struct { // as Lockstep was when an app could only be named itself
		App      string              `json:"app"`
		Source   string              `json:"source,omitempty"`
		Path     string              `json:"path,omitempty"`
		Revision string              `json:"revision,omitempty"`
		Entries  map[object.ID]Entry `json:"entries"`
	}
	if err := stdjson.Unmarshal(text, &before); err != nil {
		t.Fatal(err)
	}
	saved, err := stdjson.Marshal(before)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decode("web", pack(string(saved)))
	if err != nil || got.Set != "" || got.Account != "" || got.Prune || got.Leaving || !reflect.DeepEqual(got.Entries, full().Entries) {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestTwentyThousandEntriesTakeLittleMemory measures what stays of an inventory that is loaded and kept.
func TestTwentyThousandEntriesTakeLittleMemory(t *testing.T) {
	big := New("web")
	for n := range 20_000 {
		id := object.ID{Group: "apps", Kind: "Deployment", Namespace: "default", Name: fmt.Sprintf("web-server-%05d", n)}
		hash := strings.Repeat(fmt.Sprintf("%08x", n), 8)
		big.Entries[id] = Entry{Version: "v1", Hash: hash, Fingerprint: hash}
	}
	payload, err := encode(big)
	if err != nil {
		t.Fatal(err)
	}
	w := NewStore(nil, "lockstep-system").divide("web", versionPlain, payload)
	parts := map[string]*corev1.Secret{}
	for _, part := range w.parts {
		parts[part.Name] = part
	}
	before := heap()
	k := &known{}
	inventory, err := k.read("web", w.head, parts)
	k.primed = &primed{inventory, err}
	if took := int64(heap()) - int64(before); err != nil || took > 12<<20 {
		t.Errorf("%d bytes are kept, %v", took, err)
	}
	for _, alive := range []any{big, payload, w, parts, k} {
		runtime.KeepAlive(alive)
	}
}

func heap() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC() // what finalizers let go of
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
