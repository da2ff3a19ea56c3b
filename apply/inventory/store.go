package inventory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	stdsync "sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Store keeps inventories in one namespace. It may be used for several apps at once, for each by one goroutine at a time.
type Store struct {
	client    client.Client
	namespace string

	mu      stdsync.Mutex
	ensured bool // the namespace is there
	apps    map[string]*known
	listed  bool // by All: leftovers of every app have been looked for
}

// known is what a Store knows of an app's Secrets since it last loaded or saved them.
type known struct {
	used    bool   // by a load or a save: All leaves it alone from then on
	listed  bool   // leftovers of daemons before this one have been looked for
	seen    bool   // version is that of a load or a save
	newer   bool   // a newer Lockstep's: not to be overwritten
	version string // resourceVersion of the head, empty when there is none
	sum     string // of the payload, empty when it is broken
	parts   []string
	unsure  []string // parts that no head names now; a writer that is under way may be about to
	garbage []string // parts that no head can come to name any more
	primed  *primed  // what All saw, for the first load
}

// primed is what a load came to before anybody asked for it.
type primed struct {
	inventory *Inventory
	err       error
}

// NewStore returns a Store that reads and writes through c, which must not be a cache: a stale inventory deletes objects.
func NewStore(c client.Client, namespace string) *Store {
	return &Store{client: c, namespace: namespace, apps: map[string]*known{}}
}

func (s *Store) known(app string) *known {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.apps[app]
	if k == nil {
		k = &known{listed: s.listed}
		s.apps[app] = k
	}
	k.used = true
	return k
}

// Ensure creates the namespace when it is not there. Not being allowed to look at it is no error: if it is missing, a
// save will say so. Once it was there it is not looked for again.
func (s *Store) Ensure(ctx context.Context) error {
	s.mu.Lock()
	ensured := s.ensured
	s.mu.Unlock()
	if ensured {
		return nil
	}
	err := s.ensure(ctx)
	if err == nil {
		s.mu.Lock()
		s.ensured = true
		s.mu.Unlock()
	}
	return err
}

// doubt has the namespace looked for again when it may be what an error says is not there.
func (s *Store) doubt(err error) {
	if apierrors.IsNotFound(err) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ensured = false
	}
}

func (s *Store) ensure(ctx context.Context) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespace}}
	err := s.client.Get(ctx, client.ObjectKeyFromObject(namespace), namespace)
	switch {
	case apierrors.IsForbidden(err):
		return nil
	case apierrors.IsNotFound(err):
		err = s.client.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespace}})
	}
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("ensure namespace %s: %w", s.namespace, err)
	}
	return nil
}

// Load returns the app's inventory, a new one when there is none. It is [ErrNewer] or [ErrBroken] when there is one that
// cannot be used. A small app costs one call, and the first time after [Store.All] none.
func (s *Store) Load(ctx context.Context, app string) (*Inventory, error) {
	inventory, err := s.load(ctx, app)
	if err != nil {
		return nil, fmt.Errorf("load inventory of %s: %w", app, err)
	}
	return inventory, nil
}

func (s *Store) load(ctx context.Context, app string) (*Inventory, error) {
	if err := checkApp(app); err != nil {
		return nil, err
	}
	k := s.known(app)
	if p := k.primed; p != nil {
		k.primed = nil
		if p.err != nil {
			return nil, p.err
		}
		return p.inventory.clone(), nil
	}
	head, parts, err := s.fetch(ctx, app, k)
	if err != nil {
		return nil, err
	}
	return k.read(app, head, parts)
}

// read returns the inventory that a head, nil when there is none, and its parts make, and notes what is known of them.
func (k *known) read(app string, head *corev1.Secret, parts map[string]*corev1.Secret) (*Inventory, error) {
	k.seen, k.newer, k.version, k.sum, k.parts = true, false, "", "", nil
	if head == nil {
		return New(app), nil
	}
	k.version, k.parts = head.ResourceVersion, partNames(app, head)
	isOurs := func(name string) bool { return slices.Contains(k.parts, name) }
	k.unsure = slices.DeleteFunc(k.unsure, isOurs)
	k.garbage = slices.DeleteFunc(k.garbage, isOurs)
	err := checkHead(app, head)
	if errors.Is(err, ErrNewer) {
		k.newer = true
		return nil, err
	}
	var payload []byte
	if err == nil {
		payload, err = join(head, k.parts, parts)
	}
	var inventory *Inventory
	if err == nil {
		inventory, err = decode(app, payload)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	k.sum = checksum(payload)
	return inventory, nil
}

func checkApp(app string) error {
	if wrong := validation.IsDNS1123Label(app); len(wrong) > 0 {
		return fmt.Errorf("app %q: %s", app, wrong[0])
	}
	return nil
}

// fetch returns the head, nil when there is none, and the Secrets that may be its parts. Parts are read in one list
// together with their head, so that a writer in between cannot mix two inventories.
func (s *Store) fetch(ctx context.Context, app string, k *known) (*corev1.Secret, map[string]*corev1.Secret, error) {
	if k.listed {
		head, err := s.get(ctx, headName(app))
		if err != nil || head == nil || len(partNames(app, head)) == 0 {
			return head, nil, err
		}
	}
	var list corev1.SecretList
	if err := s.client.List(ctx, &list, client.InNamespace(s.namespace), client.MatchingLabels(labels(app))); err != nil {
		return nil, nil, err
	}
	found := map[string]*corev1.Secret{}
	for i := range list.Items {
		found[list.Items[i].Name] = &list.Items[i]
	}
	head := found[headName(app)]
	delete(found, headName(app))
	if !k.listed {
		k.listed = true
		for name := range found {
			k.unsure = append(k.unsure, name)
		}
	}
	if head != nil {
		return head, found, nil
	}
	head, err := s.get(ctx, headName(app)) // someone may have taken its labels away
	return head, found, err
}

func (s *Store) get(ctx context.Context, name string) (*corev1.Secret, error) {
	secret := &corev1.Secret{}
	err := s.client.Get(ctx, client.ObjectKey{Namespace: s.namespace, Name: name}, secret)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return secret, err
}
