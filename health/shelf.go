package health

import (
	"fmt"
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/cache"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// shelf keeps what one watch shows, each object under its [refs], packed: a fifth of what it takes otherwise, and nothing for
// the garbage collector to walk through. It is under the source's lock.
type shelf struct {
	byKey map[string]*kept
	slots map[string]*slot
}

// kept is an object on the shelf: as protobuf where its kind is judged as its Go type, or changes often, and else as it is
// judged.
type kept struct {
	key     string
	packed  []byte
	is      reflect.Type // of what is protobuf; nil of what is an [object.Packed]
	lacks   bool         // a Deployment that is not there yet, as it says itself
	trouble int          // as of [trouble]
	under   []*slot
}

// slot is one ref: what stands under it, and who wants to know when that changes.
type slot struct {
	ref       string
	objects   []*kept
	listeners []listener
}

// packable is a kind that has a form in protobuf.
type packable interface {
	Marshal() ([]byte, error)
	Unmarshal(data []byte) error
}

func newShelf() *shelf { return &shelf{byKey: map[string]*kept{}, slots: map[string]*slot{}} }

// put places an object in the stead of the one before it of that name, and calls changed with each slot that had the one or
// has the other, and whether there is more [trouble] than before.
func (s *shelf) put(o any, changed func(at *slot, worse bool)) error {
	key, err := cache.MetaNamespaceKeyFunc(o)
	if err != nil {
		return err
	}
	k := &kept{key: key, lacks: rolling(o), trouble: trouble(o)}
	if err := k.pack(o); err != nil {
		return err
	}
	for _, ref := range refs(o) {
		k.under = append(k.under, s.slot(ref))
	}
	worse := k.trouble > s.take(key, func(at *slot, _ bool) { changed(at, false) })
	s.byKey[key] = k
	for _, slot := range k.under {
		s.slots[slot.ref] = slot // it may just have been the last to go
		slot.objects = append(slot.objects, k)
		changed(slot, worse)
	}
	return nil
}

// take removes the object of that key, if there is one, and returns how much [trouble] there was of it.
func (s *shelf) take(key string, changed func(at *slot, worse bool)) int {
	k := s.byKey[key]
	if k == nil {
		return 0
	}
	delete(s.byKey, key)
	for _, slot := range k.under {
		slot.objects = slices.DeleteFunc(slot.objects, func(other *kept) bool { return other == k })
		changed(slot, k.trouble < 0)
		s.tidy(slot)
	}
	return k.trouble
}

// slot is that of ref, which may be new.
func (s *shelf) slot(ref string) *slot {
	if s.slots[ref] == nil {
		s.slots[ref] = &slot{ref: ref}
	}
	return s.slots[ref]
}

// tidy drops a slot that has nothing and that nobody listens to.
func (s *shelf) tidy(slot *slot) {
	if len(slot.objects) == 0 && len(slot.listeners) == 0 {
		delete(s.slots, slot.ref)
	}
}

// clear removes all objects. Who listens goes on.
func (s *shelf) clear() {
	clear(s.byKey)
	for _, slot := range s.slots {
		slot.objects = nil
		s.tidy(slot)
	}
}

// under are the objects of ref, as they are now.
func (s *shelf) under(ref string) []*kept {
	if ref == refAll {
		all := make([]*kept, 0, len(s.byKey))
		for _, k := range s.byKey {
			all = append(all, k)
		}
		return all
	}
	if slot := s.slots[ref]; slot != nil {
		return slices.Clone(slot.objects)
	}
	return nil
}

func (k *kept) pack(o any) (err error) {
	switch o := o.(type) {
	case *unstructured.Unstructured, *corev1.Service, *networkingv1.Ingress:
		k.packed, err = object.Pack(shown(o))
	case packable:
		k.is = reflect.TypeOf(o).Elem()
		k.packed, err = o.Marshal()
	default:
		err = fmt.Errorf("no kind that can be kept: %T", o)
	}
	return err
}

// unpack returns a new copy of the object; nil for one that cannot be read, which was written here.
func (k *kept) unpack() any {
	if k.is == nil {
		return object.Packed(k.packed).Unpack()
	}
	o, ok := reflect.TypeAssert[packable](reflect.New(k.is))
	if !ok || o.Unmarshal(k.packed) != nil {
		return nil
	}
	return o
}
