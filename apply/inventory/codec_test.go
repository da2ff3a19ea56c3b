package inventory

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lockstep-dev/lockstep/apply/object"
)

func full() *Inventory {
	at := time.Date(2026, 2, 3, 4, 5, 6, 789, time.UTC)
	return &Inventory{
		App: "web", Source: "https://git.example.com/shop.git", Revision: "main@sha1:3f2a1c9", Path: "apps/web",
		Set: "shop apps/*", Account: "deployer", Prune: true, Leaving: true,
		Entries: map[object.ID]Entry{
			{Group: "apps", Kind: "Deployment", Namespace: "default", Name: "web-server"}: {Version: "v1", Hash: "h", Fingerprint: "f", Yielded: true},
			{Group: "batch", Kind: "Job", Namespace: "default", Name: "migrate"}: {
				Version: "v1", Hash: "h", Ended: object.End{Condition: object.Failed, Words: "BackoffLimitExceeded: it gave up"},
			},
			{Group: "rbac.authorization.k8s.io", Kind: "ClusterRole", Name: "shop:admin"}: {Version: "v1"},
		},
		History: []Record{{
			Revision: "main@sha1:3f2a1c9", Author: "Ann", Message: "scale\n\"web\"", State: "Healthy", At: at,
			Duration: 1300 * time.Millisecond, Objects: 2,
		}},
		Healthy:  []State{{Revision: "main@sha1:3f2a1c9", At: at, Content: "c", Objects: 1, Packed: packed()}},
		Rejected: []Rejection{{Revision: "main@sha1:4f2a1c9", Content: "d", Reason: "ImagePull", Message: "not found", At: at}},
		Return: &Return{
			To: "main@sha1:3f2a1c9", From: "main@sha1:4f2a1c9", Content: "d", Reason: "ImagePull", Done: true,
			State: &State{Revision: "sha1:5f2a1c9", At: at, Content: "e", Objects: 1, Packed: packed()},
		},

		Suspended: true,
	}
}

// item is an object with values of every kind.
func item() Item {
	return Item{File: "web.yaml", Line: 3, Object: &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "web-server"},
		"spec": map[string]any{"replicas": int64(3), "ratio": 0.5, "big": int64(1) << 60, "none": nil},
	}}}
}

func packed() []byte {
	all, _ := Pack([]Item{item()})
	return all
}

func TestWhatIsSavedIsWhatIsLoaded(t *testing.T) {
	bare := New("web")
	for name, want := range map[string]*Inventory{"full": full(), "bare": bare} {
		packed, err := encode(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decode("web", packed)
		if err != nil {
			t.Fatal(err)
		}
		want.stored = true
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
}

func TestEqualInventoriesAreEqualBytes(t *testing.T) {
	a, _ := encode(full())
	other := full()
	other.History[0].At = other.History[0].At.In(time.FixedZone("CET", 3600))
	other.Healthy[0].At = other.Healthy[0].At.Local()
	other.Return.State.At = other.Return.State.At.Local()
	b, _ := encode(other)
	if !bytes.Equal(a, b) {
		t.Error("the bytes differ")
	}
}

func TestUserAndPasswordOfTheRepositoryAreNotKept(t *testing.T) {
	for source, want := range map[string]string{
		"https://ann:hunter2@git.example.com/shop.git": "https://git.example.com/shop.git",
		"https://git.example.com/shop.git":             "https://git.example.com/shop.git",
		"git@example.com:shop.git":                     "git@example.com:shop.git",
		"/home/ann/shop":                               "/home/ann/shop",
	} {
		packed, err := encode(&Inventory{App: "web", Source: source})
		if err != nil {
			t.Fatal(err)
		}
		got, err := decode("web", packed)
		if err != nil || got.Source != want {
			t.Errorf("%s became %s, %v", source, got.Source, err)
		}
	}
}

func TestDecodeRefusesWhatIsNoInventory(t *testing.T) {
	good, err := encode(full())
	if err != nil {
		t.Fatal(err)
	}
	for name, packed := range map[string][]byte{
		"nothing":        nil,
		"text":           []byte("{}"),
		"cut":            good[:len(good)/2],
		"another app's":  pack(`{"app":"api","entries":{}}`),
		"no object":      pack(`{"app":"web","entries":{"x":{}}}`),
		"no JSON":        pack(`{"app":`),
		"no state":       pack(`{"app":"web","entries":{},"healthy":[5]}`),
		"a list of none": pack(`{"app":"web","entries":{},"healthy":{"objects":{}}}`),
		"a bomb":         pack(strings.Repeat(" ", maxSize+1)),
	} {
		if got, err := decode("web", packed); err == nil {
			t.Errorf("%s: decoded as %+v", name, got)
		}
	}
}

func pack(text string) []byte {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return packed.Bytes()
}

// FuzzDecode feeds the codec any text. It must not panic, and what it takes it must keep.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"app":"web","entries":{"Deployment.apps/default/web":{"version":"v1"}},"healthy":[{"objects":1,"packed":"H4sI"}]}`))
	f.Add([]byte(`{"app":"web","set":"shop apps/*","account":"deployer","prune":true,"leaving":true,"entries":{}}`))
	f.Add([]byte(`{"app":"web","entries":null,"history":[{"at":"2026-02-03T04:05:06Z","ms":7}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		first, err := decode("web", pack(string(text)))
		if err != nil {
			return
		}
		packed, err := encode(first)
		if err != nil {
			t.Fatalf("encode: %v", err)
		}
		second, err := decode("web", packed)
		if err != nil {
			t.Fatalf("decode again: %v", err)
		}
		again, err := encode(second)
		if err != nil || !bytes.Equal(packed, again) {
			t.Errorf("not the same after one more round: %v", err)
		}
	})
}

func TestDividedAndJoinedAgainIsTheSame(t *testing.T) {
	s := NewStore(nil, "lockstep-system")
	for _, size := range []int{1, partSize, partSize + 1, 3*partSize + 5} {
		payload := bytes.Repeat([]byte("x"), size)
		w := s.divide("web", versionPlain, payload)
		parts := map[string]*corev1.Secret{}
		for _, part := range w.parts {
			parts[part.Name] = part
		}
		got, err := join(w.head, partNames("web", w.head), parts)
		if err != nil || !bytes.Equal(got, payload) {
			t.Errorf("%d bytes: %d came back, %v", size, len(got), err)
		}
		if want := (size - 1) / partSize; len(parts) != want {
			t.Errorf("%d bytes: %d parts, want %d", size, len(parts), want)
		}
	}
}

func TestAMixOfTwoInventoriesIsNoneOfThem(t *testing.T) {
	s := NewStore(nil, "lockstep-system")
	a := s.divide("web", versionPlain, bytes.Repeat([]byte("a"), partSize+1))
	b := s.divide("web", versionPlain, bytes.Repeat([]byte("b"), partSize+1))
	mixed := map[string]*corev1.Secret{a.parts[0].Name: b.parts[0]}
	if _, err := join(a.head, partNames("web", a.head), mixed); err == nil {
		t.Error("a mix was taken")
	}
	if _, err := join(a.head, partNames("web", a.head), nil); err == nil || !strings.Contains(err.Error(), a.parts[0].Name) {
		t.Errorf("without its part: %v", err)
	}
}

func TestTheVersionIsLookedAtFirst(t *testing.T) {
	s := NewStore(nil, "lockstep-system")
	for text, want := range map[string]string{
		fmt.Sprint(versionPlain): "<nil>", fmt.Sprint(versionState): "<nil>", fmt.Sprint(version): "<nil>", fmt.Sprint(version + 1): ErrNewer.Error(), "": "no version", "0": "no version", "x": "no version",
	} {
		head := s.divide("web", versionPlain, []byte("x")).head
		head.Data[versionKey] = []byte(text)
		if got := fmt.Sprint(checkHead("web", head)); got != want {
			t.Errorf("version %q: %s, want %s", text, got, want)
		}
	}
}
