package health

import (
	"fmt"

	"k8s.io/client-go/tools/cache"
)

var _ interface {
	cache.TransformingStore
	cache.ResourceVersionUpdater
} = (*source)(nil)

// Add takes in an object that the watch shows.
func (s *source) Add(o any) error { return s.Update(o) }

// Update takes in the new state of an object.
func (s *source) Update(o any) error {
	o, err := strip(o)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.tellAll()
	if err := s.shelf.put(o, (*slot).tell); err != nil {
		return fmt.Errorf("keep a watched object: %w", err)
	}
	s.bury(nil, o)
	return nil
}

// Delete drops an object that is gone.
func (s *source) Delete(o any) error {
	key, err := cache.MetaNamespaceKeyFunc(o)
	if err != nil {
		return fmt.Errorf("key a deleted object: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.tellAll()
	s.bury(o, nil)
	s.shelf.take(key, (*slot).tell)
	return nil
}

// Replace takes in a whole list, as of that resource version.
func (s *source) Replace(list []any, version string) error {
	if err := s.replace(list); err != nil {
		return err
	}
	s.link.listed()
	s.UpdateResourceVersion(version)
	s.everyone()
	return nil
}

func (s *source) replace(list []any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shelf.clear()
	for _, o := range list {
		o, err := strip(o)
		if err != nil {
			return err
		}
		if err := s.shelf.put(o, func(*slot, bool) {}); err != nil {
			return fmt.Errorf("keep a watched list: %w", err)
		}
	}
	return nil
}

// Resync does nothing: nobody waits for what did not change.
func (s *source) Resync() error { return nil }

// Transformer is what makes objects small while a list is still being streamed.
func (s *source) Transformer() cache.TransformFunc { return strip }

// UpdateResourceVersion records how far the watch is. An object that is deleted, or a bookmark, moves it too.
func (s *source) UpdateResourceVersion(version string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version = version
}
