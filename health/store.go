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
	old, _, err := s.index.Get(o)
	if err != nil {
		return fmt.Errorf("key a watched object: %w", err)
	}
	if err := s.index.Update(o); err != nil {
		return fmt.Errorf("keep a watched object: %w", err)
	}
	s.bury(old, o)
	s.changed(old, o)
	return nil
}

// Delete drops an object that is gone.
func (s *source) Delete(o any) error {
	old, _, err := s.index.Get(o)
	if err != nil {
		return fmt.Errorf("key a deleted object: %w", err)
	}
	if err := s.index.Delete(o); err != nil {
		return fmt.Errorf("drop a deleted object: %w", err)
	}
	s.bury(o, nil)
	s.changed(old, nil)
	return nil
}

// Replace takes in a whole list, as of that resource version.
func (s *source) Replace(list []any, version string) error {
	kept := make([]any, 0, len(list))
	for _, o := range list {
		o, err := strip(o)
		if err != nil {
			return err
		}
		kept = append(kept, o)
	}
	if err := s.index.Replace(kept, version); err != nil {
		return fmt.Errorf("keep a watched list: %w", err)
	}
	s.recount(kept)
	s.link.listed()
	s.UpdateResourceVersion(version)
	s.everyone()
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
