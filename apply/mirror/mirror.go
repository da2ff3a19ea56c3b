package mirror

import (
	"context"
	"fmt"
	"maps"
	"slices"
	stdsync "sync"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// Mirror shows the labelled objects of one cluster. It starts a watch when a kind is first asked for, in a goroutine
// that it owns until [Mirror.Close]. All methods may be called from several goroutines.
type Mirror struct {
	metadata metadata.Interface
	dynamic  dynamic.Interface
	mapper   meta.RESTMapper
	closing  chan struct{}
	running  stdsync.WaitGroup

	mu        stdsync.Mutex
	objects   map[key]*watch[Object]
	scalers   map[key]*watch[Autoscaler]
	followers map[string]map[*func()]bool // by app
}

// key names one watch. An empty namespace is the whole cluster.
type key struct {
	resource  schema.GroupVersionResource
	namespace string
}

// New returns a Mirror that watches through config and finds the resources of kinds with mapper. It makes no request.
// The rate limit of config is not used, nor its timeout, since watches have no end.
func New(config *rest.Config, mapper meta.RESTMapper) (*Mirror, error) {
	config = rest.CopyConfig(config)
	config.QPS, config.RateLimiter, config.Timeout = -1, nil, 0
	config.DisableCompression = true // of many small events: it costs both sides more than it saves
	m := &Mirror{
		mapper: mapper, closing: make(chan struct{}), objects: map[key]*watch[Object]{}, scalers: map[key]*watch[Autoscaler]{},
		followers: map[string]map[*func()]bool{},
	}
	var err error
	if m.metadata, err = metadata.NewForConfig(config); err != nil {
		return nil, fmt.Errorf("make a client for metadata: %w", err)
	}
	if m.dynamic, err = dynamic.NewForConfig(config); err != nil {
		return nil, fmt.Errorf("make a client for autoscalers: %w", err)
	}
	return m, nil
}

// Close ends all watches and returns when they have ended. What is known stays known, and grows old.
func (m *Mirror) Close() {
	m.mu.Lock()
	if !m.isClosed() {
		close(m.closing)
	}
	stopAll(m.objects)
	stopAll(m.scalers)
	m.mu.Unlock()
	m.running.Wait()
}

func stopAll[T any](watches map[key]*watch[T]) {
	for _, w := range watches {
		w.stop()
	}
}

func (m *Mirror) isClosed() bool {
	select {
	case <-m.closing:
		return true
	default:
		return false
	}
}

// Find returns what is known of the object, and whether it is there with the owner label. When known is false the mirror
// cannot tell: its kind may not be watched, or the watch has not come up yet. It waits for the first list of a kind that
// nobody has asked for before, as long as ctx lets it.
func (m *Mirror) Find(ctx context.Context, id object.ID, version string) (o Object, found, known bool) {
	w := m.watchOf(ctx, id, version)
	if w == nil {
		return Object{}, false, false
	}
	return w.shelf.find(types.NamespacedName{Namespace: id.Namespace, Name: id.Name})
}

// Note tells the mirror what a write has returned, so that it is not behind what the writer knows.
func (m *Mirror) Note(ctx context.Context, id object.ID, version string, o metav1.Object) {
	if w := m.watchOf(ctx, id, version); w != nil {
		w.shelf.note(types.NamespacedName{Namespace: id.Namespace, Name: id.Name}, o.GetResourceVersion(), Of(o))
	}
}

// watchOf is the watch that shows objects of id's kind, nil when there can be none.
func (m *Mirror) watchOf(ctx context.Context, id object.ID, version string) *watch[Object] {
	mapping, err := m.mapper.RESTMapping(id.GroupKind(), version)
	if err != nil {
		return nil // a kind that the cluster does not know, or not yet
	}
	return take(ctx, m, m.objects, key{mapping.Resource, id.Namespace}, m.startObjects)
}

// Autoscalers returns the autoscalers of a namespace by the workload that each targets. When known is false they may not
// be watched.
func (m *Mirror) Autoscalers(ctx context.Context, namespace string) (targets map[object.ID]Autoscaler, known bool) {
	w := take(ctx, m, m.scalers, key{autoscalers, namespace}, m.startAutoscalers)
	if w == nil {
		return nil, false
	}
	targets = map[object.ID]Autoscaler{}
	known = w.shelf.each(func(name types.NamespacedName, a Autoscaler) {
		if name.Namespace == namespace && !a.Deleting && a.Target != (object.ID{}) {
			targets[a.Target] = a
		}
	})
	return targets, known
}

// take returns a watch that covers k, and starts it where none does: in the whole cluster, or where that is refused in
// the namespace alone. Nil when both are refused.
func take[T any](ctx context.Context, m *Mirror, held map[key]*watch[T], k key, start func(context.Context, key) *watch[T]) *watch[T] {
	scopes := []key{{resource: k.resource}}
	if k.namespace != "" {
		scopes = append(scopes, k)
	}
	for _, scope := range scopes {
		w := obtain(ctx, m, held, scope, start)
		if w == nil {
			return nil
		}
		select {
		case <-w.answered:
		case <-ctx.Done():
			return nil
		}
		if refused, _ := w.isRefused(); !refused {
			return w
		}
	}
	return nil
}

func obtain[T any](ctx context.Context, m *Mirror, held map[key]*watch[T], k key, start func(context.Context, key) *watch[T]) *watch[T] {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.isClosed() {
		return nil
	}
	w := held[k]
	if w != nil {
		if _, expired := w.isRefused(); !expired {
			return w
		}
	}
	w = start(ctx, k)
	held[k] = w
	return w
}

func (m *Mirror) startObjects(ctx context.Context, k key) *watch[Object] {
	s := newShelf(read, m.objectChanged)
	if k.resource.GroupResource() == jobs {
		s.outlives = func(o Object) bool { return o.Ended != (object.End{}) }
		return start(ctx, m, k, s, labelled(m.dynamic.Resource(k.resource).Namespace(k.namespace)))
	}
	client := m.metadata.Resource(k.resource).Namespace(k.namespace)
	return start(ctx, m, k, s, &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			options.LabelSelector = object.OwnerLabel
			return client.List(ctx, options)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (apiwatch.Interface, error) {
			options.LabelSelector = object.OwnerLabel
			return client.Watch(ctx, options)
		},
	})
}

func (m *Mirror) startAutoscalers(ctx context.Context, k key) *watch[Autoscaler] {
	client := m.dynamic.Resource(k.resource).Namespace(k.namespace)
	return start(ctx, m, k, newShelf(readAutoscaler, m.autoscalerChanged), &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			return client.List(ctx, options)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (apiwatch.Interface, error) {
			return client.Watch(ctx, options)
		},
	})
}

// start runs a watch that outlives ctx, of which it takes the values alone: whoever asks first is not who needs it
// longest. The mutex is held.
func start[T any](ctx context.Context, m *Mirror, k key, s *shelf[T], lw *cache.ListWatch) *watch[T] {
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	w := &watch[T]{shelf: s, stop: stop, answered: make(chan struct{})}
	m.running.Go(func() { w.run(running, k.resource.Resource+" "+k.namespace, lw) })
	return w
}

// Follow has changed called, from a goroutine of the mirror's, whenever something may have changed what app applied: an
// object was deleted, an applied field, the owner label or one of our annotations was changed by somebody, or an
// autoscaler of one of its workloads came, went or changed. It must not block. The func that is returned ends it.
func (m *Mirror) Follow(app string, changed func()) (stop func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.followers[app] == nil {
		m.followers[app] = map[*func()]bool{}
	}
	m.followers[app][&changed] = true
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.followers[app], &changed)
		if len(m.followers[app]) == 0 {
			delete(m.followers, app)
		}
	}
}

func (m *Mirror) tell(app string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for changed := range m.followers[app] {
		(*changed)()
	}
}

// objectChanged tells the apps that an object belongs, or belonged, to. Most changes are of a status, and no news.
func (m *Mirror) objectChanged(old, current *Object) {
	if old != nil && current != nil && old.UID == current.UID && old.App == current.App && old.Mark == current.Mark &&
		old.Deleting == current.Deleting && slices.Equal(old.Held, current.Held) && old.Ended == current.Ended && maps.Equal(old.Notes, current.Notes) {
		return
	}
	if old != nil {
		m.tell(old.App)
	}
	if current != nil && (old == nil || old.App != current.App) {
		m.tell(current.App)
	}
}

// autoscalerChanged tells the app whose workload an autoscaler targets, or has targeted.
func (m *Mirror) autoscalerChanged(old, current *Autoscaler) {
	if old != nil && current != nil && *old == *current {
		return
	}
	for _, a := range []*Autoscaler{old, current} {
		if a != nil {
			m.tell(m.ownerOf(a.Target))
		}
	}
}

// ownerOf is the app that a workload belongs to, as far as it is watched already; empty when it is not.
func (m *Mirror) ownerOf(id object.ID) string {
	mapping, err := m.mapper.RESTMapping(id.GroupKind())
	if err != nil {
		return ""
	}
	for _, namespace := range []string{"", id.Namespace} {
		m.mu.Lock()
		w := m.objects[key{mapping.Resource, namespace}]
		m.mu.Unlock()
		if w == nil {
			continue
		}
		if o, found, _ := w.shelf.find(types.NamespacedName{Namespace: id.Namespace, Name: id.Name}); found {
			return o.App
		}
	}
	return ""
}
