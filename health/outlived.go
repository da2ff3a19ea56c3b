package health

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/cache"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// mostOutlived bounds how many Jobs that are gone a source remembers.
const mostOutlived = 1000

// bury remembers a Job that goes after its end, so that its end can be told from its deletion by somebody, and forgets it once
// there is another of its name. The mutex is held.
func (s *source) bury(o, current any) {
	if current != nil {
		o = current
	}
	job, ok := o.(*unstructured.Unstructured)
	if !ok || object.EndOf(job.Object) == (object.End{}) && len(s.gone) == 0 {
		return
	}
	key, err := cache.MetaNamespaceKeyFunc(job)
	if err != nil {
		return
	}
	switch {
	case current != nil:
		delete(s.gone, key)
	case object.EndOf(job.Object) != (object.End{}):
		if s.gone == nil || len(s.gone) >= mostOutlived {
			s.gone = map[string]*unstructured.Unstructured{}
		}
		s.gone[key] = job
	}
}

// outlived is what an object was when it went, if that is remembered; nil where it was another of the same name.
func (s *source) outlived(applied *unstructured.Unstructured) *unstructured.Unstructured {
	key, err := cache.MetaNamespaceKeyFunc(applied)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.gone[key]
	if last == nil || applied.GetUID() != "" && applied.GetUID() != last.GetUID() {
		return nil
	}
	return last
}
