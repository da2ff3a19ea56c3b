package mirror

import (
	"fmt"
	stdsync "sync"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/client-go/tools/cache"
)

// kept is what a shelf holds of one object.
type kept[T any] struct {
	version string
	value   T
}

// shelf holds what one watch shows, of each object no more than T. It is the store of a client-go reflector.
type shelf[T any] struct {
	read    func(o metav1.Object, old T) T
	changed func(old, current *T) // nil for an object that was not there, or is not any more

	outlives func(T) bool // tells what is remembered of an object that is gone; nil for nothing

	mu       stdsync.RWMutex
	items    map[types.NamespacedName]kept[T]
	gone     map[types.NamespacedName]T // those that have outlived their objects
	complete bool                       // a whole list has come in
}

var _ cache.ReflectorStore = (*shelf[Object])(nil)

func newShelf[T any](read func(metav1.Object, T) T, changed func(old, current *T)) *shelf[T] {
	return &shelf[T]{read: read, changed: changed, items: map[types.NamespacedName]kept[T]{}}
}

// find returns what is known of an object, whether it is there, and whether the shelf can tell.
func (s *shelf[T]) find(name types.NamespacedName) (value T, found, known bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	item, found := s.items[name]
	return item.value, found, s.complete
}

// each calls visit with everything that the shelf holds, and says whether that is all there is.
func (s *shelf[T]) each(visit func(types.NamespacedName, T)) (known bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for name, item := range s.items {
		visit(name, item.value)
	}
	return s.complete
}

// note takes in what a write has returned, unless the watch is further already. Nobody is told: whoever wrote knows.
func (s *shelf[T]) note(name types.NamespacedName, version string, value T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if item, there := s.items[name]; !there || !before(version, item.version) {
		s.items[name] = kept[T]{version, value}
		delete(s.gone, name)
	}
}

// before reports whether resource version a is certain to be older than b.
func before(a, b string) bool {
	order, err := resourceversion.CompareResourceVersion(a, b)
	return err == nil && order < 0
}

// Add takes in an object that the watch shows.
func (s *shelf[T]) Add(o any) error { return s.Update(o) }

// Update takes in the new state of an object. One that is older than what a write has returned already is passed over.
func (s *shelf[T]) Update(o any) error {
	object, err := meta.Accessor(o)
	if err != nil {
		return fmt.Errorf("read a watched object: %w", err)
	}
	if old, current, news := s.put(object); news {
		s.changed(old, current)
	}
	return nil
}

func (s *shelf[T]) put(o metav1.Object) (old, current *T, news bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := nameOf(o)
	item, there := s.items[name]
	if there && before(o.GetResourceVersion(), item.version) {
		return nil, nil, false
	}
	value := s.read(o, item.value)
	s.items[name] = kept[T]{o.GetResourceVersion(), value}
	delete(s.gone, name)
	if there {
		old = &item.value
	}
	return old, &value, true
}

// Delete drops an object that is gone, or that the watch's selector does not match any more.
func (s *shelf[T]) Delete(o any) error {
	object, err := meta.Accessor(o)
	if err != nil {
		return fmt.Errorf("read a deleted object: %w", err)
	}
	if old := s.drop(object); old != nil {
		s.changed(old, nil)
	}
	return nil
}

// drop forgets an object, unless a write has made it anew since. It returns what was known of it.
func (s *shelf[T]) drop(o metav1.Object) *T {
	s.mu.Lock()
	defer s.mu.Unlock()
	item, there := s.items[nameOf(o)]
	if !there || before(o.GetResourceVersion(), item.version) {
		return nil
	}
	delete(s.items, nameOf(o))
	s.bury(nameOf(o), s.read(o, item.value))
	return &item.value
}

// Replace takes in a whole list, as of that resource version.
func (s *shelf[T]) Replace(list []any, version string) error {
	current := make(map[types.NamespacedName]bool, len(list))
	for _, o := range list {
		object, err := meta.Accessor(o)
		if err != nil {
			return fmt.Errorf("read a watched list: %w", err)
		}
		current[nameOf(object)] = true
		if err := s.Update(o); err != nil {
			return err
		}
	}
	for _, value := range s.retain(current, version) {
		s.changed(&value, nil)
	}
	return nil
}

// retain drops what is not in a complete list, nor written since it was made, and returns it.
func (s *shelf[T]) retain(current map[types.NamespacedName]bool, version string) []T {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.complete = true
	var gone []T
	for name, item := range s.items {
		if !current[name] && !before(version, item.version) {
			gone = append(gone, item.value)
			delete(s.items, name)
			s.bury(name, item.value)
		}
	}
	return gone
}

// Resync does nothing: nobody waits for what did not change.
func (s *shelf[T]) Resync() error { return nil }

func nameOf(o metav1.Object) types.NamespacedName {
	return types.NamespacedName{Namespace: o.GetNamespace(), Name: o.GetName()}
}
